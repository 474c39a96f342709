package delivery

import (
	"cmp"
	"maps"
	"slices"
)

// A Judgement is whether a load by today's contract accepts a delivery, with the reasons if it does not.
type Judgement struct {
	Accepted bool
	Reasons  []string
}

// A Status is the status of a delivery.
type Status string

// The statuses: accepted, refused, replaced and withdrawn. At most one delivery of a source and peildatum is
// Aanvaard: the one in force.
const (
	Aanvaard    Status = "aanvaard"
	Geweigerd   Status = "geweigerd"
	Vervangen   Status = "vervangen"
	Ingetrokken Status = "ingetrokken"
)

// A Standing is the status of a delivery with its grounds.
type Standing struct {
	Status Status
	// Reasons has the reasons of the judgement or withdrawal.
	Reasons []string
	// By is the ID of the delivery that replaced this one, or who withdrew it.
	By string
}

// A State is which deliveries are in force after all receipts and decisions.
type State struct {
	standing map[Key]Standing
	inForce  map[Key]Delivery    // by source and peildatum
	peildata map[string][]string // by source
}

// A Key is a source with the ID of one of its deliveries, or with a peildatum.
type Key struct{ Source, Of string }

// Fold derives the state from receipts and decisions, whose order in the arguments does not matter. It calls
// judge once for each delivery.
//
// Of each source and peildatum, the accepted delivery with the last receipt that was not withdrawn is in
// force. So a withdrawal restores the accepted delivery before it, and a later receipt cancels it.
func Fold(deliveries []Delivery, decisions []Decision, judge func(Delivery) Judgement) State {
	s := State{standing: map[Key]Standing{}, inForce: map[Key]Delivery{}, peildata: map[string][]string{}}
	withdrawals := map[Key]Decision{}
	for _, d := range decisions {
		k := Key{d.Source, d.Delivery}
		if d.Kind == Withdraw && d.Sequence > withdrawals[k].Sequence {
			withdrawals[k] = d
		}
	}
	judgements := map[Key]Judgement{}
	var accepted []Delivery
	for _, d := range deliveries {
		k := Key{d.Source, d.ID}
		judgements[k] = judge(d)
		if judgements[k].Accepted && d.Newest().Sequence > withdrawals[k].Sequence {
			accepted = append(accepted, d)
		}
	}
	slices.SortFunc(accepted, func(a, b Delivery) int { return cmp.Compare(a.Newest().Sequence, b.Newest().Sequence) })
	for _, d := range accepted {
		s.inForce[Key{d.Source, d.Peildatum}] = d
	}
	for _, d := range deliveries {
		k := Key{d.Source, d.ID}
		s.standing[k] = s.standingOf(d, judgements[k], withdrawals[k])
	}
	for k := range s.inForce {
		s.peildata[k.Source] = append(s.peildata[k.Source], k.Of)
	}
	for source := range s.peildata {
		slices.Sort(s.peildata[source])
	}
	return s
}

// standingOf returns the standing of d, given which deliveries are in force.
func (s State) standingOf(d Delivery, j Judgement, withdrawal Decision) Standing {
	inForce := s.inForce[Key{d.Source, d.Peildatum}]
	switch {
	case withdrawal.Sequence > d.Newest().Sequence:
		return Standing{Status: Ingetrokken, Reasons: []string{withdrawal.Reason}, By: withdrawal.Who}
	case !j.Accepted:
		return Standing{Status: Geweigerd, Reasons: j.Reasons}
	case inForce.ID == d.ID:
		return Standing{Status: Aanvaard, Reasons: j.Reasons}
	default:
		return Standing{Status: Vervangen, Reasons: j.Reasons, By: inForce.ID}
	}
}

// Standing returns the standing of a delivery. ok is false if the delivery is unknown.
func (s State) Standing(source, id string) (_ Standing, ok bool) {
	st, ok := s.standing[Key{source, id}]
	return st, ok
}

// InForce returns the delivery in force with exactly that peildatum.
func (s State) InForce(source, peildatum string) (Delivery, bool) {
	d, ok := s.inForce[Key{source, peildatum}]
	return d, ok
}

// InForceOn returns the delivery in force on a date: that of the last peildatum up to it.
func (s State) InForceOn(source, date string) (Delivery, bool) {
	peildata := s.peildata[source]
	i, exact := slices.BinarySearch(peildata, date)
	if exact {
		i++
	}
	if i == 0 {
		return Delivery{}, false
	}
	return s.InForce(source, peildata[i-1])
}

// Peildata returns the peildata of a source with a delivery in force, in order.
func (s State) Peildata(source string) []string { return slices.Clone(s.peildata[source]) }

// Sources returns the sources with a delivery in force, in order.
func (s State) Sources() []string { return slices.Sorted(maps.Keys(s.peildata)) }
