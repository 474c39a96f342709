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

// A Profiler gets every byte of a delivery once, in order, while it lands.
type Profiler interface {
	io.Writer
	// JSON returns the profile. It is called once, after the last byte.
	JSON() json.RawMessage
}

// Options are the inputs of a pull. Places call its functions concurrently, except Connect, InForce and
// Accepted.
type Options struct {
	place.Dialer
	Contracts []*contract.Contract
	// Connect returns the connector of the place of a contract; nil is [place.Dialer.Reach].
	Connect func(*contract.Contract) (place.Connector, error)
	// InForce returns the ID of the delivery in force at the start of the pull.
	InForce func(source, peildatum string) (id string, ok bool)
	// Accepted reports whether a delivery is or was in force, so that it may be archived; nil is never.
	Accepted func(source, id string) bool
	// Profiler returns a new profiler for a file; nil means no profiles.
	Profiler func() Profiler
	// MaxSize is the maximum size of a file, in bytes; 0 is no limit.
	MaxSize int64
}

// Pull lands the files that contracts expect at their places. The caller must have the run lock. Pull removes
// files from a folder on this machine; at remote places they stay, and Pull does not fetch them again. A
// failure of one file or source is in the result and does not stop others. If ctx ends or landing is damaged,
// Pull returns an error with the result so far, and the next pull continues.
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

// unchanged returns the candidates that were the same on both looks, and adds the others to res.
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

// pull is one pull, with the contents of landing once it is open.
type pull struct {
	Options
	next       int64
	deliveries map[delivery.Key]delivery.Delivery
	last       map[string]delivery.Delivery       // by source: with the last receipt at the start of the pull
	withdrawn  map[delivery.Key]int64             // by delivery: sequence of its last withdrawal
	newest     map[delivery.Key]delivery.Delivery // by source and peildatum: likewise
	landed     map[delivery.Key]string            // by source and peildatum: the last one of this pull
	known      map[fileKey]string
}

// fileKey identifies a file of a source as received.
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
	p.next = delivery.NextSequence(deliveries, decisions)
	p.deliveries, p.newest = map[delivery.Key]delivery.Delivery{}, map[delivery.Key]delivery.Delivery{}
	p.last, p.withdrawn, p.landed, p.known = map[string]delivery.Delivery{}, map[delivery.Key]int64{}, map[delivery.Key]string{}, map[fileKey]string{}
	for _, d := range deliveries {
		p.deliveries[delivery.Key{Source: d.Source, Of: d.ID}] = d
		if last, ok := p.last[d.Source]; !ok || d.Newest().Sequence > last.Newest().Sequence {
			p.last[d.Source] = d
		}
		k := delivery.Key{Source: d.Source, Of: d.Peildatum}
		if last, ok := p.newest[k]; !ok || d.Newest().Sequence > last.Newest().Sequence {
			p.newest[k] = d
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

// receivedAs returns the delivery as which a file at a remote place was received.
func (p *pull) receivedAs(c candidate) (id string, ok bool) {
	id, ok = p.known[fileKey{c.contract.Name, delivery.ReceiptName(c.found.Name), c.found.Version, c.found.Modified.UTC(), c.found.Size}]
	return id, ok && c.place.from.Remote()
}

// take lands one file, and removes it from a folder on this machine.
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

// isRepeated reports whether the bytes are not new: a crashed pull landed but did not remove them, they are
// the delivery in force, or this pull landed them last for the same peildatum.
func (p *pull) isRepeated(c candidate, e *extract) (place.Reason, bool) {
	source, id := c.contract.Name, e.delivery.ID
	if last, ok := p.last[source]; ok && last.ID == id {
		r := last.Newest()
		if r.File == delivery.ReceiptName(c.found.Name) && r.Modified.Equal(c.found.Modified) && p.withdrawn[delivery.Key{Source: source, Of: id}] < r.Sequence {
			return place.AlreadyLanded, true
		}
	}
	if newest := p.newest[delivery.Key{Source: source, Of: c.peildatum}]; c.found.Generated && newest.ID == id {
		return place.AlreadyLanded, true
	}
	if landed, ok := p.landed[delivery.Key{Source: source, Of: c.peildatum}]; ok {
		return place.SameAsNewest, landed == id
	}
	inForce, ok := p.InForce(source, c.peildatum)
	return place.SameAsInForce, ok && inForce == id
}

func (o Options) connect(c *contract.Contract) (place.Connector, error) {
	if o.Connect != nil {
		return o.Connect(c)
	}
	return o.Reach(c)
}

// remove removes a received file from its place.
func (p *pull) remove(ctx context.Context, c candidate, res *Result) error {
	err := p.Retry(ctx, c.place.from.Timeout, func(ctx context.Context, _ func()) error {
		if c.pakbon.Name != "" { // before its file, since a pakbon without one would be reported
			if err := c.place.connector.Remove(ctx, c.pakbon); err != nil {
				return err
			}
		}
		return c.place.connector.Remove(ctx, c.found)
	})
	if errors.Is(err, place.ErrChanged) {
		res.addGrowing(c)
		return nil
	}
	if err != nil {
		return fmt.Errorf("the file was received, but could not be removed: %w; remove it, and allow the program to remove files there", err)
	}
	return nil
}

// archive moves files that have been accepted to the archive of their place, if it has one. After a crash,
// the next pull does so.
func (p *pull) archive(ctx context.Context, places []*visit, res *Result) {
	inParallel(places, func(at *visit) {
		at.seen = Result{}
		for _, c := range at.received {
			id, _ := p.receivedAs(c)
			if at.from.Archive == "" || p.Accepted == nil || !p.Accepted(c.contract.Name, id) {
				continue
			}
			if err := p.remove(ctx, c, &at.seen); err != nil {
				at.seen.addFailed(c, err)
			}
		}
	})
	moved := gather(places)
	res.Growing, res.Failed = append(res.Growing, moved.Growing...), append(res.Failed, moved.Failed...)
}

// A Result is the result of a pull. Each list is in order of source or folder, then of arrival.
type Result struct {
	Landed []Landed `json:"landed,omitempty"`
	// Repeated files were not new; they were removed without a receipt.
	Repeated []Repeated `json:"repeated,omitempty"`
	// Growing files, and those that wait for a pakbon, stay for the next run.
	Growing []Left `json:"growing,omitempty"`
	// Unrecognised files and folders stay until a person acts.
	Unrecognised []Left `json:"unrecognised,omitempty"`
	// Failed files stay for the next run, or landed but could not be removed.
	Failed []Failed `json:"-"`
}

// Landed is a file that got a receipt.
type Landed struct {
	Source    string `json:"source"`
	ID        string `json:"id"`
	Peildatum string `json:"peildatum"`
	File      string `json:"file"`
	Sequence  int64  `json:"sequence"`
	// Returned is set if the delivery had been received before.
	Returned bool `json:"returned,omitempty"`
}

// Repeated is a file that got no receipt.
type Repeated struct {
	Source string       `json:"source"`
	ID     string       `json:"id"`
	File   string       `json:"file"`
	Reason place.Reason `json:"reason"`
}

// Left is a file or folder that stays where it is.
type Left struct {
	// Source is empty if no contract, or more than one, has the folder.
	Source string `json:"source,omitempty"`
	// Dir is relative to the data directory; File is empty for the folder itself.
	Dir    string       `json:"dir"`
	File   string       `json:"file,omitempty"`
	Reason place.Reason `json:"reason"`
	// Expected has the patterns of file names, or the folders, that would be recognised.
	Expected []string `json:"expected,omitempty"`
}

// Failed is a file, or a folder if File is empty, with its error.
type Failed struct {
	Source string
	Dir    string
	File   string
	Err    error
}
