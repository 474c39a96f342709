package delivery

import (
	"cmp"
	"maps"
	"slices"
)

// A Verdict is what loading by the contract of today made of a delivery. Reasons say why not.
type Judgement struct {
	Accepted bool
	Reasons  []string
}

// A Status is where a delivery stands.
type Status string

// The statuses. At most one delivery of a source and peildatum is Aanvaard: the one in force.
const (
	Aanvaard    Status = "aanvaard"
	Geweigerd   Status = "geweigerd"
	Vervangen   Status = "vervangen"
	Ingetrokken Status = "ingetrokken"
)

// A Standing is the status of a delivery with what it rests on.
type Standing struct {
	Status Status
	// Reasons are those of the verdict; of a withdrawal what was given with it.
	Reasons []string
	// By is the delivery that replaced this one, or who withdrew it.
	By string
}

// A State is what is in force after all receipts and decisions.
type State struct {
	standing map[Key]Standing
	// inForce is per source and peildatum.
	inForce  map[Key]Delivery
	peildata map[string][]string
}

// A Key is a source with the id of one of its deliveries, or with a peildatum.
type Key struct{ Source, Of string }

// arrival is a receipt while it counts.
type arrival struct {
	sequence int64
	delivery Delivery
}

// Fold replays receipts and decisions in order of sequence. The order of its arguments does not
// matter. verdict is asked once for each delivery.
//
// In force, per source and peildatum, is the accepted delivery with the last receipt that was not
// withdrawn. So a withdrawal brings back the accepted delivery before it, and a receipt after a
// withdrawal lifts it.
func Fold(deliveries []Delivery, decisions []Decision, verdict func(Delivery) Judgement) State {
	s := State{standing: map[Key]Standing{}, inForce: map[Key]Delivery{}, peildata: map[string][]string{}}
	withdrawals := map[Key]Decision{}
	for _, d := range decisions {
		k := Key{d.Source, d.Delivery}
		if d.Kind == Withdraw && d.Sequence > withdrawals[k].Sequence {
			withdrawals[k] = d
		}
	}
	verdicts := map[Key]Judgement{}
	var accepted []arrival
	for _, d := range deliveries {
		k := Key{d.Source, d.ID}
		verdicts[k] = verdict(d)
		if last := d.Newest().Sequence; verdicts[k].Accepted && last > withdrawals[k].Sequence {
			accepted = append(accepted, arrival{last, d})
		}
	}
	slices.SortFunc(accepted, func(a, b arrival) int { return cmp.Compare(a.sequence, b.sequence) })
	for _, a := range accepted {
		s.inForce[Key{a.delivery.Source, a.delivery.Peildatum}] = a.delivery
	}
	for _, d := range deliveries {
		k := Key{d.Source, d.ID}
		s.standing[k] = s.standingOf(d, verdicts[k], withdrawals[k])
	}
	for k := range s.inForce {
		s.peildata[k.Source] = append(s.peildata[k.Source], k.Of)
	}
	for source := range s.peildata {
		slices.Sort(s.peildata[source])
	}
	return s
}

// standingOf is where d stands, once it is known what is in force.
func (s State) standingOf(d Delivery, v Judgement, withdrawal Decision) Standing {
	inForce := s.inForce[Key{d.Source, d.Peildatum}]
	switch {
	case withdrawal.Sequence > d.Newest().Sequence:
		return Standing{Status: Ingetrokken, Reasons: []string{withdrawal.Reason}, By: withdrawal.Who}
	case !v.Accepted:
		return Standing{Status: Geweigerd, Reasons: v.Reasons}
	case inForce.ID == d.ID:
		return Standing{Status: Aanvaard, Reasons: v.Reasons}
	default:
		return Standing{Status: Vervangen, Reasons: v.Reasons, By: inForce.ID}
	}
}

// Standing is where a delivery stands. It is not ok for a delivery that was not folded.
func (s State) Standing(source, id string) (Standing, bool) {
	st, ok := s.standing[Key{source, id}]
	return st, ok
}

// InForce is the delivery in force with exactly that peildatum.
func (s State) InForce(source, peildatum string) (Delivery, bool) {
	d, ok := s.inForce[Key{source, peildatum}]
	return d, ok
}

// InForceOn is the delivery in force on a date: that of the last peildatum up to it.
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

// Peildata are the peildata of a source with a delivery in force, in order.
func (s State) Peildata(source string) []string { return slices.Clone(s.peildata[source]) }

// Sources are the sources with a delivery in force, in order.
func (s State) Sources() []string { return slices.Sorted(maps.Keys(s.peildata)) }

func sortBySequence(decisions []Decision) {
	slices.SortFunc(decisions, func(a, b Decision) int { return cmp.Compare(a.Sequence, b.Sequence) })
}
