package intake

import (
	"errors"
	"os"
	"strings"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

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
		}
		if _, err := os.Stat(d.Original(b.Path)); err != nil {
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
