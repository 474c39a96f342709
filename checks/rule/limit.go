package rule

import (
	"math/big"
	"time"
)

// A Stand is an earlier one that a measure can be held against.
type Stand string

// The earlier stands, as check files name them.
const (
	Previous Stand = "previous" // the preceding one
	Year     Stand = "year"     // the last one that is at least a year older
)

// Table is the name under which a query reads an earlier stand of a table.
func (s Stand) Table(name string) string {
	if s == Year {
		return name + "__jaar"
	}
	return name + "__vorige"
}

// Limits are the limits of a rule by ernst; a rule of any kind has at least one, or a severity. Those
// of an override hold from From until Until, both included; "" is always.
type Limits struct {
	Warn, Alarm, Block *Limit
	From               string `json:",omitempty"`
	Until              string `json:",omitempty"`
}

// A Limit is crossed by a value strictly below, strictly above or, to either side of 0, strictly
// beyond At. A limit on a change is crossed by a value that is At or more lower (Below) or higher than
// on the earlier stand.
type Limit struct {
	Below       bool
	At          *big.Rat
	Beyond      bool   `json:",omitempty"`
	OfRows      bool   `json:",omitempty"` // At is a percentage of the noemer
	Change      Change `json:",omitempty"`
	OnlyIfWorse bool   `json:",omitempty"` // the value must be further in that direction than on the earlier stand
	Versus      Stand  `json:",omitempty"` // the earlier stand, when there is one
}

// A Change is what a limit on one counts in.
type Change string

// How a change is counted: in the unit of the value, or as a percentage of the earlier value.
const (
	Points  Change = "points"
	Percent Change = "percent"
)

// An Acceptance is a known shock: until its last day a verdict on the group that is not ok becomes
// info with the reason.
type Acceptance struct {
	Group       string // "" for all
	Reason      string // Dutch
	From, Until string // peildata, both included; From "" is always
}

func (l Limits) With(over Limits) Limits {
	if over.Warn != nil {
		l.Warn = over.Warn
	}
	if over.Alarm != nil {
		l.Alarm = over.Alarm
	}
	if over.Block != nil {
		l.Block = over.Block
	}
	return l
}

// LimitsOf are the limits that hold for a group on a peildatum; own says that they are those of an
// override.
func (r Rule) LimitsOf(group string, on time.Time) (limits Limits, own bool) {
	if over, ok := r.Overrides[group]; ok && during(on, over.From, over.Until) {
		return r.Limits.With(over), true
	}
	return r.Limits, false
}

// during tells whether a day lies between two others, "" for an open end. The zero day lies between
// open ends only.
func during(day time.Time, from, until string) bool {
	if day.IsZero() {
		return from == "" && until == ""
	}
	text := day.Format(time.DateOnly)
	return from <= text && (until == "" || text <= until)
}

// Mildest is the limit that is crossed first, nil when there is none.
func (l Limits) Mildest() *Limit {
	switch {
	case l.Warn != nil:
		return l.Warn
	case l.Alarm != nil:
		return l.Alarm
	}
	return l.Block
}

// Portion is a percentage of a number.
func Portion(of, percent *big.Rat) *big.Rat {
	return new(big.Rat).Mul(of, new(big.Rat).Quo(percent, big.NewRat(100, 1)))
}

// EarlierStands are the stands that a rule compares with, the preceding one first.
func (r Rule) EarlierStands() []Stand {
	var need [2]bool
	note := func(s Stand) {
		need[0] = need[0] || s == Previous
		need[1] = need[1] || s == Year
	}
	note(r.Versus)
	every := []Limits{r.Limits}
	for _, over := range r.Overrides {
		every = append(every, over)
	}
	for _, limits := range every {
		for _, l := range limits.InOrder() {
			if l != nil {
				note(l.Versus)
			}
		}
	}
	var out []Stand
	for i, s := range []Stand{Previous, Year} {
		if need[i] {
			out = append(out, s)
		}
	}
	return out
}
