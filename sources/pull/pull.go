package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// LookPause is how long a pull waits between its two looks at files.
const LookPause = time.Second

// A Profiler sees every byte of a delivery once, in order, while it lands.
type Profiler interface {
	io.Writer
	// JSON is asked once, after the last byte.
	JSON() json.RawMessage
}

// Options are what a pull needs. The caller holds the run lock. Its functions are called side by side
// for several places, but for Connect, InForce and Accepted.
type Options struct {
	place.Dialer
	Contracts []*contract.Contract
	// Connect gives the connector of the place of a contract; nil means that of its kind.
	Connect func(*contract.Contract) (place.Connector, error)
	// InForce is the id of the delivery in force when the pull begins.
	InForce func(source, peildatum string) (id string, ok bool)
	// Accepted says whether a delivery is or was in force, so that it may be archived; nil is never.
	Accepted func(source, id string) bool
	// Profiler makes one for each file; nil means no profile.
	Profiler func() Profiler
	// MaxSize is the largest file that is taken, in bytes; 0 means any.
	MaxSize int64
}

// Pull takes what a contract expects at its place and lands it. A folder on this machine is emptied;
// at other places files stay where they are, and what has landed once is not fetched again. What
// stops one file or source is in the result and stops no other. An error means that the pull as a
// whole could not go on, because ctx ended or landing is damaged; the result holds what was done
// until then, and a next pull goes on where this one stopped, whatever happened.
func Pull(ctx context.Context, o Options) (Result, error) {
	if err := delivery.Sweep(o.DataDir); err != nil {
		return Result{}, fmt.Errorf("pull: %w", err)
	}
	places := placesOf(o)
	defer closeAll(places)
	p := &pull{Options: o}
	if slices.ContainsFunc(places, func(p *visit) bool { return p.from.Remote() }) {
		if err := p.open(); err != nil {
			return Result{}, fmt.Errorf("pull: %w", err)
		}
	}
	if err := p.lookAll(ctx, places); err != nil {
		return gather(places), fmt.Errorf("pull: %w", err)
	}
	if slices.ContainsFunc(places, func(p *visit) bool { return len(p.candidates) > 0 }) {
		if err := o.Wait(ctx, LookPause); err != nil {
			return gather(places), fmt.Errorf("pull: %w", err)
		}
		if err := p.lookAgain(ctx, places); err != nil {
			return gather(places), fmt.Errorf("pull: %w", err)
		}
	}
	res := gather(places)
	left, err := strays(o.DataDir, places)
	if err != nil {
		res.Failed = append(res.Failed, Failed{Dir: "inbox", Err: err})
	}
	res.Unrecognised = append(res.Unrecognised, left...)
	candidates := inOrder(places)
	if len(candidates) > 0 {
		if err := p.open(); err != nil {
			return res, fmt.Errorf("pull: %w", err)
		}
	}
	defer p.fetchAhead(ctx, places)()
	for _, c := range candidates {
		err := p.take(ctx, c, &res)
		if ctx.Err() != nil {
			return res, fmt.Errorf("pull: %w", ctx.Err())
		}
		if err != nil {
			res.addFailed(c, err)
		}
	}
	p.archive(ctx, places, &res)
	if ctx.Err() != nil {
		return res, fmt.Errorf("pull: %w", ctx.Err())
	}
	return res, nil
}

// unchanged gives the files of a place that were the same on both looks; the others go to place.Growing.
func unchanged(first, second []candidate, res *Result) []candidate {
	before := map[string]candidate{}
	for _, c := range first {
		before[c.found.Name] = c
	}
	var out []candidate
	for _, c := range second {
		if b := before[c.found.Name]; c.found.Same(b.found) && c.pakbon.Same(b.pakbon) {
			out = append(out, c)
		} else {
			res.addGrowing(c)
		}
	}
	return out
}

func (res *Result) addGrowing(c candidate) {
	res.Growing = append(res.Growing, Left{Source: c.contract.Name, Dir: c.place.dir, File: c.found.Name, Reason: place.Growing})
}

func (res *Result) addFailed(c candidate, err error) {
	res.Failed = append(res.Failed, Failed{Source: c.contract.Name, Dir: c.place.dir, File: c.found.Name, Err: err})
}

// pull is what one pull knows about landing, once it is open.
type pull struct {
	Options
	next       int64
	deliveries map[delivery.Key]delivery.Delivery
	// last is the newest delivery per source when the pull began, withdrawn the last withdrawal per
	// delivery.
	last      map[string]delivery.Delivery
	withdrawn map[delivery.Key]int64
	// newest is the delivery with the last receipt per source and peildatum when the pull began,
	// landed that of this pull.
	newest map[delivery.Key]newestReceipt
	landed map[delivery.Key]string
	// known are the files that were received.
	known map[fileKey]string
}

// newest is a delivery and its last receipt.
type newestReceipt struct {
	sequence int64
	of       string
}

// fileKey is a file of a source as it was received.
type fileKey struct {
	source, file, version string
	modified              time.Time
	size                  int64
}

// open reads landing, once.
func (p *pull) open() error {
	if p.deliveries != nil {
		return nil
	}
	deliveries, err := delivery.ReadDeliveries(p.DataDir)
	if err != nil {
		return err
	}
	decisions, err := delivery.ReadDecisions(p.DataDir)
	if err != nil {
		return err
	}
	p.next, p.deliveries = delivery.NextSequence(deliveries, decisions), map[delivery.Key]delivery.Delivery{}
	p.newest = map[delivery.Key]newestReceipt{}
	p.last, p.withdrawn, p.landed, p.known = map[string]delivery.Delivery{}, map[delivery.Key]int64{}, map[delivery.Key]string{}, map[fileKey]string{}
	for _, d := range deliveries {
		p.deliveries[delivery.Key{Source: d.Source, Of: d.ID}] = d
		if last, ok := p.last[d.Source]; !ok || d.Newest().Sequence > last.Newest().Sequence {
			p.last[d.Source] = d
		}
		if n, k := d.Newest().Sequence, (delivery.Key{Source: d.Source, Of: d.Peildatum}); n > p.newest[k].sequence {
			p.newest[k] = newestReceipt{n, d.ID}
		}
		for _, r := range d.Receipts {
			p.known[fileKey{d.Source, r.File, r.Version, r.Modified.UTC(), d.Size}] = d.ID
		}
		for _, s := range d.Seen {
			p.known[fileKey{d.Source, s.File, s.Version, s.Modified.UTC(), d.Size}] = d.ID
		}
	}
	for _, d := range decisions {
		if d.Kind == delivery.Withdraw {
			p.withdrawn[delivery.Key{Source: d.Source, Of: d.Delivery}] = d.Sequence
		}
	}
	return nil
}

// receivedAs gives the delivery that a file at a place which keeps its files was received as.
func (p *pull) receivedAs(c candidate) (id string, ok bool) {
	id, ok = p.known[fileKey{c.contract.Name, delivery.ReceiptName(c.found.Name), c.found.Version, c.found.Modified.UTC(), c.found.Size}]
	return id, ok && c.place.from.Remote()
}

// take lands one file and takes it out of its folder.
func (p *pull) take(ctx context.Context, c candidate, res *Result) error {
	e, err := p.nextFetched(ctx, c)
	if errors.Is(err, place.ErrChanged) {
		res.addGrowing(c)
		return nil
	}
	if err != nil {
		return err
	}
	defer e.discard()
	reason, repeated := p.isRepeated(c, e)
	if repeated {
		res.Repeated = append(res.Repeated, Repeated{Source: c.contract.Name, ID: e.delivery.ID, File: c.found.Name, Reason: reason})
	} else {
		landed, err := p.land(c, e)
		if err != nil {
			return err
		}
		res.Landed = append(res.Landed, landed)
	}
	if !c.place.from.Remote() {
		return p.remove(ctx, c, res)
	}
	if repeated {
		return p.addSeen(c, e)
	}
	return nil
}

// isRepeated says whether the bytes bring nothing new: what a crashed pull landed but did not take
// out, or the delivery in force, or what this pull landed last for the same peildatum.
func (p *pull) isRepeated(c candidate, e *extract) (place.Reason, bool) {
	source, id := c.contract.Name, e.delivery.ID
	if last, ok := p.last[source]; ok && last.ID == id {
		r := last.Newest()
		if r.File == delivery.ReceiptName(c.found.Name) && r.Modified.Equal(c.found.Modified) && p.withdrawn[delivery.Key{Source: source, Of: id}] < r.Sequence {
			return place.AlreadyLanded, true
		}
	}
	if newest := p.newest[delivery.Key{Source: source, Of: c.peildatum}]; c.found.Generated && newest.of == id {
		return place.AlreadyLanded, true
	}
	if landed, ok := p.landed[delivery.Key{Source: source, Of: c.peildatum}]; ok {
		return place.SameAsNewest, landed == id
	}
	inForce, ok := p.InForce(source, c.peildatum)
	return place.SameAsInForce, ok && inForce == id
}

// connect gives the connector of the place of a contract.
func (o Options) connect(c *contract.Contract) (place.Connector, error) {
	if o.Connect != nil {
		return o.Connect(c)
	}
	return o.Reach(c)
}
