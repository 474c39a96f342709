package contract

import (
	"slices"

	"inbeeld/pipeline/projectfile"
)

// A Drift is a kind of difference from the contract or from the preceding delivery with which a delivery
// can still be loaded.
type Drift string

// The kinds of drift.
const (
	DriftAbsent  Drift = "absent"  // an optional column is missing
	DriftNew     Drift = "new"     // a column that the contract does not have
	DriftRenamed Drift = "renamed" // a column under one of its aliases
	DriftOrder   Drift = "order"   // the columns have another order
	DriftShares  Drift = "shares"  // the shares of empty values or notations changed
)

var (
	drifts       = []string{string(DriftAbsent), string(DriftNew), string(DriftRenamed), string(DriftOrder), string(DriftShares)}
	columnDrifts = []string{string(DriftAbsent), string(DriftShares)}
)

// tolerates reads which of the known kinds of drift are expected.
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

// columnTolerates is tolerates for one column; the other kinds of drift are about a complete contract.
func (m mapping) columnTolerates(col Column, what string) []Drift {
	out := m.tolerates(columnDrifts)
	if col.Required && slices.Contains(out, DriftAbsent) {
		m.Fault(m.Get("tolerate"), "a delivery without a required column is refused; remove required or absent", "column %q is required and may be absent", what)
	}
	return out
}
