package lake

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

// Shares counts how the values of each column are written, in the records whose fields could be read. It says
// nothing about persons, and is compared with the preceding delivery.
type Shares struct {
	Records int64                   `json:"records"`
	Columns map[string]ColumnShares `json:"kolommen"` // by our name; only columns that the file has
}

// ColumnShares counts the values of a column.
type ColumnShares struct {
	Filled    int64              `json:"gevuld"`
	Notations map[Notation]int64 `json:"notaties,omitempty"`
}

// A Notation is one of several ways to write a value.
type Notation string

// The notations that are counted: of dates, of decimals with a separator, and of repaired BSNs.
const (
	notationISO     Notation = "jjjj-mm-dd"
	NotationDay     Notation = "dd-mm-jjjj" // also with days and months of one digit
	notationCompact Notation = "jjjjmmdd"
	notationComma   Notation = "with comma"
	notationPoint   Notation = "with point"
	notationPadded  Notation = "without zero" // it was restored
	notationSpaced  Notation = "with spaces"  // or dots
)

// notationsOf returns the notations of a column type, in the order in which they are reported.
func notationsOf(t contract.ColumnType) []Notation {
	switch t {
	case contract.Date:
		return []Notation{notationISO, NotationDay, notationCompact}
	case contract.Decimal:
		return []Notation{notationComma, notationPoint}
	case contract.BSN:
		return []Notation{notationPadded, notationSpaced}
	case contract.Text, contract.Integer, contract.JaNee, contract.Code:
	}
	return nil
}

// newShares returns empty counts of the columns that are not absent.
func newShares(c *contract.Contract, absent []bool) *Shares {
	s := &Shares{Columns: map[string]ColumnShares{}}
	for i, col := range c.Columns {
		if !absent[i] {
			s.Columns[col.As] = ColumnShares{Notations: map[Notation]int64{}}
		}
	}
	return s
}

// add counts a batch for the database, in which BSNs are replaced by judgements.
func (s *Shares) add(c *contract.Contract, batch *duck.Batch, faults []records.Fault) {
	for _, f := range faults {
		if f == records.NoFault {
			s.Records++
		}
	}
	for i, col := range c.Columns {
		counted, there := s.Columns[col.As]
		if !there {
			continue
		}
		values := &batch.Columns[i]
		counted.Filled += int64(batch.N - values.Nulls)
		if kinds := notationsOf(col.Type); kinds != nil {
			counted.Filled -= counted.count(col.Type, kinds, values, batch.N)
		}
		s.Columns[col.As] = counted
	}
}

// count counts the notations of n values, and returns how many of the values mean "none".
func (s ColumnShares) count(t contract.ColumnType, kinds []Notation, values *duck.TextColumn, n int) (nothing int64) {
	seen := make([]int64, len(kinds))
	for i := range n {
		text := values.Data[values.Offsets[i]:values.Offsets[i+1]]
		switch {
		case len(text) == 0:
		case t == contract.Date && isZeroDate(text):
			nothing++
		default:
			if kind := notationOf(t, text); kind >= 0 {
				seen[kind]++
			}
		}
	}
	for i, many := range seen {
		if many > 0 {
			s.Notations[kinds[i]] += many
		}
	}
	return nothing
}

// isZeroDate reports whether a text is eight zeros, perhaps with the time of midnight.
func isZeroDate(text []byte) bool {
	rest, zeros := bytes.CutPrefix(text, []byte("00000000"))
	if !zeros || len(rest) == 0 {
		return zeros
	}
	time := string(bytes.TrimLeft(rest, " T"))
	return len(time) < len(rest) && (time == "00:00" || time == "00:00:00")
}

// notationOf returns the index in notationsOf of the notation of a value, or -1. It looks at separators only;
// other code decides whether the value is valid.
func notationOf(t contract.ColumnType, text []byte) int {
	switch {
	case t == contract.BSN:
		switch text[0] {
		case '2':
			return 0
		case '1':
			return 1
		}
	case t == contract.Decimal:
		switch {
		case bytes.IndexByte(text, ',') >= 0:
			return 0
		case bytes.IndexByte(text, '.') >= 0:
			return 1
		}
	case len(text) >= 8 && bytes.IndexByte(text[:8], '-') < 0:
		return 2
	case len(text) > 4 && text[4] == '-' && bytes.IndexByte(text[:4], '-') < 0:
		return 0
	case bytes.IndexByte(text, '-') > 0:
		return 1
	}
	return -1
}

// A share has changed if it moved by at least changedPoints, with at least minValues before and now.
const (
	changedPoints = 10 // percentage points
	minValues     = 20
)

// A ShareChange is a changed share of the values of a column, compared with the preceding delivery. Notation
// is "" for the share that is filled in.
type ShareChange struct {
	Column   string   `json:"column"` // name in the contract
	Notation Notation `json:"notation,omitempty"`
	Before   int64    `json:"before"` // percent
	Now      int64    `json:"now"`    // percent
}

// PreviousLoad returns the load of the delivery in force on the day before the peildatum of a delivery, or nil.
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

// ShareChanges compares the shares of a load with those of the preceding one. It reports notations that are
// used more, not the ones that they replace.
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
		if shareMoved(a.Filled, was.Shares.Records, b.Filled, is.Shares.Records) != 0 {
			changes = append(changes, ShareChange{col.Name, "", percentOf(a.Filled, was.Shares.Records), percentOf(b.Filled, is.Shares.Records)})
		}
		for _, n := range notationsOf(col.Type) {
			totalA, totalB := a.of(col.Type), b.of(col.Type)
			if shareMoved(a.Notations[n], totalA, b.Notations[n], totalB) > 0 {
				changes = append(changes, ShareChange{col.Name, n, percentOf(a.Notations[n], totalA), percentOf(b.Notations[n], totalB)})
			}
		}
	}
	return changes
}

// of returns what the notations of a column are a share of: its values, or its decimals with a separator.
func (s ColumnShares) of(t contract.ColumnType) int64 {
	if t == contract.Decimal {
		return s.Notations[notationComma] + s.Notations[notationPoint]
	}
	return s.Filled
}

// shareMoved returns how a share changed: 1 up, -1 down, 0 not enough.
func shareMoved(partA, totalA, partB, totalB int64) int {
	if totalA < minValues || totalB < minValues {
		return 0
	}
	const safely = 0.01 // far above the rounding error of a float
	if by := float64(partB)/float64(totalB) - float64(partA)/float64(totalA); math.Abs(by) < changedPoints/100.0-safely {
		return 0
	}
	by := new(big.Rat).Sub(big.NewRat(partB, totalB), big.NewRat(partA, totalA))
	if most := big.NewRat(changedPoints, 100); new(big.Rat).Abs(by).Cmp(most) >= 0 {
		return by.Sign()
	}
	return 0
}

// percentOf returns a share in percent, rounded half up.
func percentOf(part, total int64) int64 { return (200*part + total) / (2 * total) }

// dutchNotation describes notations in Dutch.
var dutchNotation = map[Notation]string{
	notationISO: "als jjjj-mm-dd", NotationDay: "als dd-mm-jjjj", notationCompact: "als jjjjmmdd",
	notationComma: "met een komma", notationPoint: "met een punt",
	notationPadded: "zonder de nul aan het begin", notationSpaced: "met spaties of punten",
}

// dutch describes a change in Dutch, for marts.
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

// String describes a change in English, for the command line.
func (c ShareChange) String() string {
	what := "filled in"
	if c.Notation != "" {
		what = "written " + string(c.Notation)
	}
	return fmt.Sprintf("%s %s: %d%%, before %d%%", c.Column, what, c.Now, c.Before)
}

// ShareTexts describes changes in Dutch.
func ShareTexts(changes []ShareChange) (texts []string) {
	for _, c := range changes {
		texts = append(texts, c.dutch())
	}
	return texts
}

// DriftText returns the Dutch name of a kind of drift.
func DriftText(d contract.Drift) string {
	return map[contract.Drift]string{
		contract.DriftAbsent: "afwezig", contract.DriftNew: "nieuw", contract.DriftRenamed: "hernoemd", contract.DriftOrder: "volgorde", contract.DriftShares: "aandelen",
	}[d]
}

// ToleratedDrift returns the names of the kinds of drift that a contract tolerates, and then those of single
// columns.
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
