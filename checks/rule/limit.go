package rule

import (
	"cmp"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"time"

	"inbeeld/pipeline/dutch"
)

// A Stand is an earlier stand that a measure can be compared with.
type Stand string

// The earlier stands, as check files name them.
const (
	Previous Stand = "previous" // the preceding one
	Year     Stand = "year"     // the last one that is at least a year older
)

// Table returns the name by which a query reads an earlier stand of a table.
func (s Stand) Table(name string) string {
	if s == Year {
		return name + "__jaar"
	}
	return name + "__vorige"
}

// Limits are the limits of a rule by ernst. Every rule has at least one, or a severity. Those of an
// override apply from From until Until, both included; "" is an open end.
type Limits struct {
	Warn, Alarm, Block *Limit
	From               string `json:",omitempty"`
	Until              string `json:",omitempty"`
}

// A Limit is crossed by a value strictly below or above At or, if Beyond, further than At from 0. A limit
// on a change is crossed by a value that is lower (Below) or higher by At or more than on the earlier
// stand.
type Limit struct {
	Below       bool
	At          *big.Rat
	Beyond      bool   `json:",omitempty"`
	OfRows      bool   `json:",omitempty"` // At is a percentage of the noemer
	Change      Change `json:",omitempty"`
	OnlyIfWorse bool   `json:",omitempty"` // the value must also be further than on the earlier stand
	Versus      Stand  `json:",omitempty"` // the earlier stand, if it is compared with one
}

// A Change is the unit of a limit on a change.
type Change string

// The units: that of the value, or a percentage of the earlier value.
const (
	Points  Change = "points"
	Percent Change = "percent"
)

// An Acceptance is a known deviation: until its last day, a failing verdict on the group becomes info with
// the reason.
type Acceptance struct {
	Group       string // "" for all
	Reason      string // Dutch
	From, Until string // peildata, both included; From may be ""
}

// With returns the limits with those of an override in place of its own.
func (l Limits) With(over Limits) Limits {
	l.Warn, l.Alarm, l.Block = cmp.Or(over.Warn, l.Warn), cmp.Or(over.Alarm, l.Alarm), cmp.Or(over.Block, l.Block)
	return l
}

// LimitsOf returns the limits that apply to a group on a peildatum; own reports whether they come from an
// override.
func (r Rule) LimitsOf(group string, on time.Time) (limits Limits, own bool) {
	if over, ok := r.Overrides[group]; ok && during(on, over.From, over.Until) {
		return r.Limits.With(over), true
	}
	return r.Limits, false
}

// during reports whether a day is in a period, in which "" is an open end. The zero day is only in a
// period without ends.
func during(day time.Time, from, until string) bool {
	if day.IsZero() {
		return from == "" && until == ""
	}
	text := day.Format(time.DateOnly)
	return from <= text && (until == "" || text <= until)
}

// Mildest returns the limit that is crossed first, or nil if there is none.
func (l Limits) Mildest() *Limit { return cmp.Or(l.InOrder()...) }

// Portion returns a percentage of a number.
func Portion(of, percent *big.Rat) *big.Rat {
	return new(big.Rat).Mul(of, new(big.Rat).Quo(percent, big.NewRat(100, 1)))
}

// EarlierStands returns the stands that a rule compares with, the preceding one first.
func (r Rule) EarlierStands() []Stand {
	need := map[Stand]bool{r.Versus: true}
	for _, limits := range r.allLimits() {
		for _, l := range limits.InOrder() {
			if l != nil {
				need[l.Versus] = true
			}
		}
	}
	return slices.DeleteFunc([]Stand{Previous, Year}, func(s Stand) bool { return !need[s] })
}

func (r Rule) allLimits() []Limits {
	return slices.AppendSeq([]Limits{r.Limits}, maps.Values(r.Overrides))
}

// decimalText matches a decimal in a check file: no exponent and no thousands separators.
var decimalText = regexp.MustCompile(`^-?\d{1,20}(\.\d{1,10})?$`)

// SumText matches an integer or decimal in a result of the database.
var SumText = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// LimitText formats a limit with all its decimals, so that 0,25% does not become 0,3%.
func LimitText(n *big.Rat, isPercentage bool) string {
	switch {
	case n == nil:
		return dutch.Unknown
	case isPercentage:
		return dutch.Exact(n, 1, math.MaxInt) + "%"
	}
	return dutch.Exact(n, 0, math.MaxInt)
}
