package lake

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

// A share has changed when it moved by changedPoints or more, of at least leastShared on both sides.
const (
	changedPoints = 10
	leastShared   = 20
)

// A ShareChange is a share of the values of a column that is not what it was in the delivery before.
// Notation is "" where it is the share that is filled in.
type ShareChange struct {
	Column   string   `json:"column"` // as the contract names it
	Notation Notation `json:"notation,omitempty"`
	Before   int64    `json:"before"` // percent
	Now      int64    `json:"now"`
}

// PreviousLoad is the load of the delivery in force on the last peildatum before that of a delivery; nil when
// there is none.
func PreviousLoad(d delivery.Delivery, state delivery.State, loads map[string]*Load) *Load {
	day, err := time.Parse(time.DateOnly, d.Peildatum)
	if err != nil {
		return nil
	}
	earlier, ok := state.InForceOn(d.Source, day.AddDate(0, 0, -1).Format(time.DateOnly))
	if !ok {
		return nil
	}
	return loads[Key(earlier.Source, earlier.ID)]
}

// ShareChanges hold the shares of a load against those of the load before. Of notations only those
// that came more into use are told: each takes the place of another.
func ShareChanges(c *contract.Contract, was, is *Load) (changes []ShareChange) {
	if was == nil || is == nil || was.Shares == nil || is.Shares == nil {
		return nil
	}
	for _, col := range c.Columns {
		a, known := was.Shares.Columns[col.As]
		b, there := is.Shares.Columns[col.As]
		if !known || !there {
			continue
		}
		if moved(a.Filled, was.Shares.Records, b.Filled, is.Shares.Records) != 0 {
			changes = append(changes, ShareChange{col.Name, "", wholePercent(a.Filled, was.Shares.Records), wholePercent(b.Filled, is.Shares.Records)})
		}
		for _, n := range notationsOf(col.Type) {
			wholeA, wholeB := a.of(col.Type), b.of(col.Type)
			if moved(a.Notations[n], wholeA, b.Notations[n], wholeB) > 0 {
				changes = append(changes, ShareChange{col.Name, n, wholePercent(a.Notations[n], wholeA), wholePercent(b.Notations[n], wholeB)})
			}
		}
	}
	return changes
}

// of is what the notations of a column are a share of: its values, of decimals only those with a sign.
func (s ColumnShares) of(t contract.ColumnType) int64 {
	if t == contract.Decimal {
		return s.Notations[notationComma] + s.Notations[notationPoint]
	}
	return s.Filled
}

// moved says how a share changed: 1 up, -1 down, 0 not enough to tell.
func moved(partA, wholeA, partB, wholeB int64) int {
	if wholeA < leastShared || wholeB < leastShared {
		return 0
	}
	const safely = 0.01 // far above what a float leaves out
	if by := float64(partB)/float64(wholeB) - float64(partA)/float64(wholeA); math.Abs(by) < changedPoints/100.0-safely {
		return 0
	}
	by := new(big.Rat).Sub(big.NewRat(partB, wholeB), big.NewRat(partA, wholeA))
	if most := big.NewRat(changedPoints, 100); new(big.Rat).Abs(by).Cmp(most) >= 0 {
		return by.Sign()
	}
	return 0
}

// wholePercent is a share in percent, rounded half up.
func wholePercent(part, whole int64) int64 { return (200*part + whole) / (2 * whole) }

// dutchNotation says how values are written that came more into use.
var dutchNotation = map[Notation]string{
	notationISO: "als jjjj-mm-dd", NotationDay: "als dd-mm-jjjj", notationCompact: "als jjjjmmdd",
	notationComma: "met een komma", notationPoint: "met een punt",
	notationPadded: "zonder de nul aan het begin", notationSpaced: "met spaties of punten",
}

// dutch tells a change as marts have it.
func (c ShareChange) dutch() string {
	what, was, is := dutchNotation[c.Notation], c.Before, c.Now
	switch {
	case c.Notation != "":
	case c.Now < c.Before:
		what, was, is = "leeg", 100-c.Before, 100-c.Now
	default:
		what = "gevuld"
	}
	return fmt.Sprintf("%s: vaker %s (%d%% → %d%%)", c.Column, what, was, is)
}

// String tells a change as the command line has it.
func (c ShareChange) String() string {
	what := "filled in"
	if c.Notation != "" {
		what = "written " + string(c.Notation)
	}
	return fmt.Sprintf("%s %s: %d%%, before %d%%", c.Column, what, c.Now, c.Before)
}

// ShareTexts are changes in Dutch.
func ShareTexts(changes []ShareChange) (texts []string) {
	for _, c := range changes {
		texts = append(texts, c.dutch())
	}
	return texts
}

// dutchDrift is a kind of drift as marts have it.
func DriftText(d contract.Drift) string {
	return map[contract.Drift]string{
		contract.DriftAbsent: "afwezig", contract.DriftNew: "nieuw", contract.DriftRenamed: "hernoemd", contract.DriftOrder: "volgorde", contract.DriftShares: "aandelen",
	}[d]
}

// ToleratedDrift are the kinds of drift that a contract tolerates, each by its name, and behind them those of
// one column.
func ToleratedDrift(c *contract.Contract, name func(contract.Drift) string) (texts []string) {
	for _, d := range c.Tolerate {
		texts = append(texts, name(d))
	}
	for _, col := range c.Columns {
		for _, d := range col.Tolerate {
			if !slices.Contains(c.Tolerate, d) {
				texts = append(texts, name(d)+" "+col.Name)
			}
		}
	}
	return texts
}
