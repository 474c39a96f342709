package intake

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// A DeliveryRow is one delivery in the list of deliveries.
type DeliveryRow struct {
	Source    string        `json:"source"`
	Delivery  string        `json:"delivery"`
	Peildatum string        `json:"peildatum"`
	Status    string        `json:"status"` // "nog niet geladen" before its first load
	Reasons   []string      `json:"reasons,omitempty"`
	File      string        `json:"file"`
	Modified  time.Time     `json:"modified"`
	Landed    time.Time     `json:"landed"`
	Balance   *lake.Balance `json:"balance,omitempty"`
	Original  bool          `json:"original"` // the original has not been removed
}

// List returns the deliveries in scope, by source, peildatum and order of receipt.
func List(o Scope) ([]DeliveryRow, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	known := b.InScope()
	slices.SortFunc(known, func(x, y delivery.Delivery) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Peildatum, y.Peildatum), cmp.Compare(x.Newest().Sequence, y.Newest().Sequence))
	})
	rows := []DeliveryRow{}
	for _, d := range known {
		rows = append(rows, b.Row(d))
	}
	return rows, nil
}

// Row returns a delivery as the list shows it.
func (b *Book) Row(d delivery.Delivery) DeliveryRow {
	n := d.Newest()
	row := DeliveryRow{
		Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, Status: "nog niet geladen",
		File: n.File, Modified: n.Modified, Landed: n.Landed, Original: durable.Exists(d.Original(b.Path)),
	}
	if l := b.load(d); l != nil {
		s, _ := b.State().Standing(d.Source, d.ID)
		row.Status, row.Reasons, row.Balance = string(s.Status), s.Reasons, &l.Balance
	}
	return row
}

// Find returns the delivery with an id, or source/id.
func (b *Book) Find(name string) (delivery.Delivery, error) {
	var found []delivery.Delivery
	for _, d := range b.InScope() {
		if d.ID == name || keyOf(d) == name {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return delivery.Delivery{}, usage.Errorf("no delivery %s; list them with: inbeeld deliveries --data %s", name, b.Path)
	}
	return delivery.Delivery{}, usage.Errorf("%s is the id of deliveries of %d sources; write %s/%s", name, len(found), found[0].Source, name)
}

// Refusals returns the deliveries that are refused now.
func (b *Book) Refusals() []mart.Refusal {
	refused := []mart.Refusal{}
	state := b.State()
	for _, d := range b.InScope() {
		if s, ok := state.Standing(d.Source, d.ID); ok && s.Status == delivery.Geweigerd && b.load(d) != nil {
			why := strings.Join(b.load(d).PublicReasonsFor(s), "; ")
			refused = append(refused, mart.Refusal{Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: why})
		}
	}
	return refused
}

// Withdraw takes a delivery out of force from the next run on. name is its id, or source/id if two sources
// share the id.
func Withdraw(o Scope, name, who, reason string) (delivery.Delivery, error) {
	return decideDelivery(o, delivery.Withdraw, name, who, reason, func(b *Book, d delivery.Delivery) error {
		if s, ok := b.State().Standing(d.Source, d.ID); ok && s.Status == delivery.Ingetrokken {
			return usage.Errorf("%s/%s was already withdrawn by %s", d.Source, d.ID, s.By)
		}
		return nil
	})
}

// Accept overrides the limits for which a delivery is refused. A delivery that is refused for other reasons
// cannot be accepted.
func Accept(o Scope, name, who, reason string) (delivery.Delivery, error) {
	return decideDelivery(o, delivery.Accept, name, who, reason, func(b *Book, d delivery.Delivery) error {
		l := b.load(d)
		switch {
		case l == nil:
			return usage.Errorf("%s/%s has not been loaded yet; run first", d.Source, d.ID)
		case l.Accepted:
			return usage.Errorf("%s/%s is not refused", d.Source, d.ID)
		case !l.LimitsOnly:
			return usage.Errorf("%s/%s is refused for more than its limits (%s); ask for a corrected delivery", d.Source, d.ID, strings.Join(l.Reasons, "; "))
		case b.Accepted()[keyOf(d)]:
			return usage.Errorf("%s/%s was already accepted; the next run loads it", d.Source, d.ID)
		case !durable.Exists(d.Original(b.Path)):
			return usage.Errorf("the original of %s/%s is gone, so it cannot be loaded; ask for it again", d.Source, d.ID)
		}
		return nil
	})
}

// decideDelivery records a decision about a delivery, unless check returns an error.
func decideDelivery(o Scope, kind delivery.DecisionKind, name, who, reason string, check func(*Book, delivery.Delivery) error) (d delivery.Delivery, err error) {
	_, err = o.Decide("inbeeld deliveries "+string(kind), who, reason, func(b *Book) (*delivery.Decision, error) {
		if d, err = b.Find(name); err == nil {
			err = check(b, d)
		}
		return &delivery.Decision{Kind: kind, Source: d.Source, Delivery: d.ID}, err
	})
	return d, err
}

// Decide records the decision that decide returns, with who, reason and the next sequence number, under the
// lock. If decide returns nil, it records nothing.
func (s Scope) Decide(what, who, reason string, decide func(*Book) (*delivery.Decision, error)) (d delivery.Decision, err error) {
	if err := datadir.CheckDecision(who, reason); err != nil {
		return d, err
	}
	if err := datadir.Check(s.Path); err != nil {
		return d, err
	}
	release, err := datadir.Lock(s.Dir, what)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, release()) }()
	b, err := s.Open()
	if err != nil {
		return d, err
	}
	decision, err := decide(b)
	if err != nil || decision == nil {
		return d, err
	}
	d = *decision
	d.Sequence, d.Who, d.Reason, d.At = delivery.NextSequence(b.Deliveries, b.Decisions), who, reason, s.Now().UTC()
	return d, delivery.WriteDecision(s.Path, d)
}
