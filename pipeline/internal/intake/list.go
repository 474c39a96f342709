package intake

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"time"

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
	row := DeliveryRow{Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, Status: "nog niet geladen", File: n.File, Modified: n.Modified, Landed: n.Landed}
	if l := b.load(d); l != nil {
		s, _ := b.State().Standing(d.Source, d.ID)
		row.Status, row.Reasons, row.Balance = string(s.Status), s.Reasons, &l.Balance
	}
	_, err := os.Stat(d.Original(b.Path))
	row.Original = err == nil
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
