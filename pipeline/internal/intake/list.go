package intake

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// A DeliveryRow is a delivery as the list of deliveries shows it.
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
	Original  bool          `json:"original"` // the extract as received is still there
}

// Deliveries lists what has landed, by source, peildatum and order of receipt.
func List(o Scope) ([]DeliveryRow, error) {
	r, err := o.Open()
	if err != nil {
		return nil, err
	}
	known := r.InScope()
	slices.SortFunc(known, func(a, b delivery.Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Peildatum, b.Peildatum), cmp.Compare(a.Newest().Sequence, b.Newest().Sequence))
	})
	rows := []DeliveryRow{}
	for _, d := range known {
		rows = append(rows, r.Row(d))
	}
	return rows, nil
}

func (b *Book) Row(d delivery.Delivery) DeliveryRow {
	n := d.Newest()
	row := DeliveryRow{Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, Status: "nog niet geladen", File: n.File, Modified: n.Modified, Landed: n.Landed}
	if l := b.Loads[lake.Key(d.Source, d.ID)]; l != nil {
		s, _ := b.State().Standing(d.Source, d.ID)
		row.Status, row.Reasons, row.Balance = string(s.Status), s.Reasons, &l.Balance
	}
	_, err := os.Stat(d.Original(b.Path))
	row.Original = err == nil
	return row
}

// One is the delivery that a name means.
func (b *Book) One(name string) (delivery.Delivery, error) {
	var found []delivery.Delivery
	for _, d := range b.InScope() {
		if d.ID == name || lake.Key(d.Source, d.ID) == name {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return delivery.Delivery{}, usage.Errorf("no delivery %s; list them with: inbeeld deliveries --data %s", name, b.Path)
	}
	return delivery.Delivery{}, usage.Errorf("%s is the id of deliveries of %d sources; write %s", name, len(found), fmt.Sprintf("%s/%s", found[0].Source, name))
}

// Refusals are the deliveries that are refused now.
func (b *Book) Refusals() []mart.Refusal {
	refused := []mart.Refusal{}
	state := b.State()
	for _, d := range b.InScope() {
		if s, ok := state.Standing(d.Source, d.ID); ok && s.Status == delivery.Geweigerd && b.Loads[lake.Key(d.Source, d.ID)] != nil {
			why := strings.Join(b.Loads[lake.Key(d.Source, d.ID)].PublicReasonsFor(s), "; ")
			refused = append(refused, mart.Refusal{Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: why})
		}
	}
	return refused
}
