package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources"
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
func Deliveries(o Scope) ([]DeliveryRow, error) {
	r, err := o.Open()
	if err != nil {
		return nil, err
	}
	known := r.known()
	slices.SortFunc(known, func(a, b sources.Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Peildatum, b.Peildatum), cmp.Compare(a.Newest().Sequence, b.Newest().Sequence))
	})
	rows := []DeliveryRow{}
	for _, d := range known {
		rows = append(rows, r.row(d))
	}
	return rows, nil
}

func (r *Book) row(d sources.Delivery) DeliveryRow {
	n := d.Newest()
	row := DeliveryRow{Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, Status: "nog niet geladen", File: n.File, Modified: n.Modified, Landed: n.Landed}
	if l := r.Loads[lake.Key(d.Source, d.ID)]; l != nil {
		s, _ := r.fold().Standing(d.Source, d.ID)
		row.Status, row.Reasons, row.Balance = string(s.Status), s.Reasons, &l.Balance
	}
	_, err := os.Stat(d.Original(r.Path))
	row.Original = err == nil
	return row
}

// Open reads what is known of the deliveries of the scope.
func (o Scope) Open() (*Book, error) {
	if err := CheckData(o.Path); err != nil {
		return nil, err
	}
	proj, faults, err := project.Load(o.ProjectDir)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	b := &Book{Dir: o.Dir, Asof: o.Asof, Retain: o.Retain, Project: proj}
	return b, b.readDeliveries()
}

// Decide takes a decision in the data directory: with who and why, under the lock, with the next
// sequence. make says what is decided about what is known; nil decides nothing.
func (o Scope) Decide(what, who, reason string, make func(*Book) (*sources.Decision, error)) (d sources.Decision, err error) {
	if err := checkDecider(who, reason); err != nil {
		return d, err
	}
	if err := CheckData(o.Path); err != nil {
		return d, err
	}
	release, err := lockData(o.Dir, what)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, release()) }()
	b, err := o.Open()
	if err != nil {
		return d, err
	}
	decided, err := make(b)
	if err != nil || decided == nil {
		return d, err
	}
	d = *decided
	d.Sequence, d.Who, d.Reason, d.At = sources.NextSequence(b.Deliveries, b.Decisions), who, reason, o.Now().UTC()
	return d, sources.WriteDecision(o.Path, d)
}

// Withdraw takes a delivery out of force from the next run on. name is its id, with "source/" before it
// where two sources share the id.
func Withdraw(o Scope, name, who, reason string) (sources.Delivery, error) {
	return decideDelivery(o, sources.Withdraw, name, who, reason, func(r *Book, d sources.Delivery) error {
		if s, ok := r.fold().Standing(d.Source, d.ID); ok && s.Status == sources.Ingetrokken {
			return usage.Errorf("%s/%s is withdrawn already, by %s", d.Source, d.ID, s.By)
		}
		return nil
	})
}

// Accept sets aside the limits for which a delivery is refused. A delivery that lacks something cannot
// be accepted.
func Accept(o Scope, name, who, reason string) (sources.Delivery, error) {
	return decideDelivery(o, sources.Accept, name, who, reason, func(r *Book, d sources.Delivery) error {
		l := r.Loads[lake.Key(d.Source, d.ID)]
		switch {
		case l == nil:
			return usage.Errorf("%s/%s has not been loaded yet; run first", d.Source, d.ID)
		case l.Accepted:
			return usage.Errorf("%s/%s is not refused", d.Source, d.ID)
		case !l.Lenient:
			return usage.Errorf("%s/%s is refused for more than its limits (%s); ask for a better delivery", d.Source, d.ID, strings.Join(l.Reasons, "; "))
		case r.accepted()[lake.Key(d.Source, d.ID)]:
			return usage.Errorf("%s/%s is accepted already; the next run loads it", d.Source, d.ID)
		}
		if _, err := os.Stat(d.Original(r.Path)); err != nil {
			return usage.Errorf("the original of %s/%s is gone, so it cannot be loaded; ask for it again", d.Source, d.ID)
		}
		return nil
	})
}

// decideDelivery decides about a delivery; allowed says what stands in its way.
func decideDelivery(o Scope, kind sources.DecisionKind, name, who, reason string, allowed func(*Book, sources.Delivery) error) (d sources.Delivery, err error) {
	_, err = o.Decide("inbeeld deliveries "+string(kind), who, reason, func(b *Book) (*sources.Decision, error) {
		if d, err = b.one(name); err == nil {
			err = allowed(b, d)
		}
		return &sources.Decision{Kind: kind, Source: d.Source, Delivery: d.ID}, err
	})
	return d, err
}

// one is the delivery that a name means.
func (r *Book) one(name string) (sources.Delivery, error) {
	var found []sources.Delivery
	for _, d := range r.known() {
		if d.ID == name || lake.Key(d.Source, d.ID) == name {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return sources.Delivery{}, usage.Errorf("no delivery %s; list them with: inbeeld deliveries --data %s", name, r.Path)
	}
	return sources.Delivery{}, usage.Errorf("%s is the id of deliveries of %d sources; write %s", name, len(found), fmt.Sprintf("%s/%s", found[0].Source, name))
}
