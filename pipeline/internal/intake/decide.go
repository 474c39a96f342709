package intake

import (
	"errors"
	"os"
	"strings"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// Withdraw takes a delivery out of force from the next run on. name is its id, with "source/" before it
// where two sources share the id.
func Withdraw(o Scope, name, who, reason string) (delivery.Delivery, error) {
	return decideDelivery(o, delivery.Withdraw, name, who, reason, func(r *Book, d delivery.Delivery) error {
		if s, ok := r.State().Standing(d.Source, d.ID); ok && s.Status == delivery.Ingetrokken {
			return usage.Errorf("%s/%s is withdrawn already, by %s", d.Source, d.ID, s.By)
		}
		return nil
	})
}

// Accept sets aside the limits for which a delivery is refused. A delivery that lacks something cannot
// be accepted.
func Accept(o Scope, name, who, reason string) (delivery.Delivery, error) {
	return decideDelivery(o, delivery.Accept, name, who, reason, func(r *Book, d delivery.Delivery) error {
		l := r.Loads[lake.Key(d.Source, d.ID)]
		switch {
		case l == nil:
			return usage.Errorf("%s/%s has not been loaded yet; run first", d.Source, d.ID)
		case l.Accepted:
			return usage.Errorf("%s/%s is not refused", d.Source, d.ID)
		case !l.LimitsOnly:
			return usage.Errorf("%s/%s is refused for more than its limits (%s); ask for a better delivery", d.Source, d.ID, strings.Join(l.Reasons, "; "))
		case r.Accepted()[lake.Key(d.Source, d.ID)]:
			return usage.Errorf("%s/%s is accepted already; the next run loads it", d.Source, d.ID)
		}
		if _, err := os.Stat(d.Original(r.Path)); err != nil {
			return usage.Errorf("the original of %s/%s is gone, so it cannot be loaded; ask for it again", d.Source, d.ID)
		}
		return nil
	})
}

// decideDelivery decides about a delivery; allowed says what stands in its way.
func decideDelivery(o Scope, kind delivery.DecisionKind, name, who, reason string, allowed func(*Book, delivery.Delivery) error) (d delivery.Delivery, err error) {
	_, err = o.Decide("inbeeld deliveries "+string(kind), who, reason, func(b *Book) (*delivery.Decision, error) {
		if d, err = b.One(name); err == nil {
			err = allowed(b, d)
		}
		return &delivery.Decision{Kind: kind, Source: d.Source, Delivery: d.ID}, err
	})
	return d, err
}

// Decide takes a decision in the data directory: with who and why, under the lock, with the next
// sequence. make says what is decided about what is known; nil decides nothing.
func (s Scope) Decide(what, who, reason string, make func(*Book) (*delivery.Decision, error)) (d delivery.Decision, err error) {
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
	decided, err := make(b)
	if err != nil || decided == nil {
		return d, err
	}
	d = *decided
	d.Sequence, d.Who, d.Reason, d.At = delivery.NextSequence(b.Deliveries, b.Decisions), who, reason, s.Now().UTC()
	return d, delivery.WriteDecision(s.Path, d)
}
