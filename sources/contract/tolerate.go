package contract

import (
	"slices"

	"inbeeld/pipeline/projectfile"
)

// A Drift is a way in which a delivery can differ from its contract, or from the one before it, and
// still be loaded.
type Drift string

// The kinds of drift.
const (
	DriftAbsent  Drift = "absent"  // a column that may be missing is missing
	DriftNew     Drift = "new"     // a column that the contract does not name
	DriftRenamed Drift = "renamed" // a column under one of its aliases
	DriftOrder   Drift = "order"   // the columns in another order
	DriftShares  Drift = "shares"  // values are filled in, or written, in other shares than before
)

var (
	drifts       = []string{string(DriftAbsent), string(DriftNew), string(DriftRenamed), string(DriftOrder), string(DriftShares)}
	columnDrifts = []string{string(DriftAbsent), string(DriftShares)}
)

// tolerates reads which of the known kinds of drift are expected, and make no finding.
func (m mapping) tolerates(known []string) []Drift {
	var out []Drift
	for _, it := range m.list("tolerate") {
		switch {
		case !slices.Contains(known, it.Text):
			m.Fault(it, projectfile.DidYouMean(it.Text, known), "unknown drift %q", it.Text)
		case slices.Contains(out, Drift(it.Text)):
			m.Fault(it, "", "drift %q is listed twice", it.Text)
		}
		out = append(out, Drift(it.Text))
	}
	return out
}

// columnTolerates is tolerates of one column: of the other kinds a contract speaks as a whole.
func (m mapping) columnTolerates(col Column, what string) []Drift {
	out := m.tolerates(columnDrifts)
	if col.Required && slices.Contains(out, DriftAbsent) {
		m.Fault(m.Get("tolerate"), "a delivery without a required column is refused; remove required or absent", "column %q is required and may be absent", what)
	}
	return out
}
