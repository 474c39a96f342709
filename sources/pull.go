package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// LookAgain is how long a pull waits between its two looks at files.
const LookAgain = time.Second

// A Profiler sees every byte of a delivery once, in order, while it lands.
type Profiler interface {
	io.Writer
	// JSON is asked once, after the last byte.
	JSON() json.RawMessage
}

// Options are what a pull needs. The caller holds the run lock.
type Options struct {
	// DataDir exists.
	DataDir   string
	Contracts []*Contract
	// Connect gives the connector of a folder relative to DataDir; nil means Directory.
	Connect func(dir string) Connector
	// InForce is the id of the delivery in force when the pull begins.
	InForce func(source, peildatum string) (id string, ok bool)
	// Profiler makes one for each file; nil means no profile.
	Profiler func() Profiler
	// Wait passes the time between two looks, or gives an error when ctx ends. It is called at most
	// once, and only when there is a file to look at again.
	Wait func(ctx context.Context, d time.Duration) error
	// MaxSize is the largest file that is taken, in bytes; 0 means any.
	MaxSize int64
	// Now is the moment of the pull.
	Now time.Time
}

func (o Options) connect(dir string) Connector {
	if o.Connect != nil {
		return o.Connect(dir)
	}
	return Directory{Path: filepath.Join(o.DataDir, filepath.FromSlash(dir))}
}

// Pull takes every file that a contract expects out of its folder and lands it. What stops one file
// or source is in the result and stops no other. An error means that the pull as a whole could not
// go on, because ctx ended or landing is damaged; the result holds what was done until then, and a
// next pull goes on where this one stopped, whatever happened.
func Pull(ctx context.Context, o Options) (Result, error) {
	if err := Sweep(o.DataDir); err != nil {
		return Result{}, fmt.Errorf("pull: %w", err)
	}
	places := placesOf(o)
	candidates, res, err := look(ctx, places)
	if err != nil {
		return res, fmt.Errorf("pull: %w", err)
	}
	if len(candidates) > 0 {
		if err := o.Wait(ctx, LookAgain); err != nil {
			return res, fmt.Errorf("pull: %w", err)
		}
		first := candidates
		if candidates, res, err = look(ctx, places); err != nil {
			return res, fmt.Errorf("pull: %w", err)
		}
		candidates = waitForPakbon(steady(first, candidates, &res), o.Now, &res)
	}
	left, err := strays(o.DataDir, places)
	if err != nil {
		res.Failed = append(res.Failed, Failed{Dir: "inbox", Err: err})
	}
	res.Unrecognised = append(res.Unrecognised, left...)
	if len(candidates) == 0 {
		return res, nil
	}
	p, err := newPull(o)
	if err != nil {
		return res, fmt.Errorf("pull: %w", err)
	}
	for _, c := range candidates {
		err := p.take(ctx, c, &res)
		if ctx.Err() != nil {
			return res, fmt.Errorf("pull: %w", ctx.Err())
		}
		if err != nil {
			res.fail(c, err)
		}
	}
	return res, nil
}

// steady gives the files that were the same on both looks; the others go to Growing.
func steady(first, second []candidate, res *Result) []candidate {
	before := map[string]candidate{}
	for _, c := range first {
		before[c.place.dir+"/"+c.found.Name] = c
	}
	var out []candidate
	for _, c := range second {
		if b := before[c.place.dir+"/"+c.found.Name]; c.found.same(b.found) && c.pakbon.same(b.pakbon) {
			out = append(out, c)
		} else {
			res.grows(c)
		}
	}
	return out
}

func (res *Result) grows(c candidate) {
	res.Growing = append(res.Growing, Left{Source: c.contract.Name, Dir: c.place.dir, File: c.found.Name, Reason: Growing})
}

func (res *Result) fail(c candidate, err error) {
	res.Failed = append(res.Failed, Failed{Source: c.contract.Name, Dir: c.place.dir, File: c.found.Name, Err: err})
}

// pull is what one pull knows about landing.
type pull struct {
	Options
	next       int64
	deliveries map[key]Delivery
	// last is the newest delivery per source when the pull began, withdrawn the last withdrawal per
	// delivery.
	last      map[string]Delivery
	withdrawn map[key]int64
	// landed is the newest delivery per source and peildatum of this pull.
	landed map[key]string
}

func newPull(o Options) (*pull, error) {
	deliveries, err := ReadDeliveries(o.DataDir)
	if err != nil {
		return nil, err
	}
	decisions, err := ReadDecisions(o.DataDir)
	if err != nil {
		return nil, err
	}
	p := &pull{
		Options: o, next: NextSequence(deliveries, decisions), deliveries: map[key]Delivery{},
		last: map[string]Delivery{}, withdrawn: map[key]int64{}, landed: map[key]string{},
	}
	for _, d := range deliveries {
		p.deliveries[key{d.Source, d.ID}] = d
		if last, ok := p.last[d.Source]; !ok || d.Newest().Sequence > last.Newest().Sequence {
			p.last[d.Source] = d
		}
	}
	for _, d := range decisions {
		if d.Kind == Withdraw {
			p.withdrawn[key{d.Source, d.Delivery}] = d.Sequence
		}
	}
	return p, nil
}

// take lands one file and takes it out of its folder.
func (p *pull) take(ctx context.Context, c candidate, res *Result) error {
	if p.MaxSize > 0 && c.found.Size > p.MaxSize {
		return fmt.Errorf("the file has %d bytes, more than the %d that are allowed; split it or allow more", c.found.Size, p.MaxSize)
	}
	e, err := p.fetch(ctx, c)
	if errors.Is(err, ErrChanged) {
		res.grows(c)
		return nil
	}
	if err != nil {
		return err
	}
	defer e.discard()
	if reason, repeated := p.repeated(c, e); repeated {
		res.Repeated = append(res.Repeated, Repeated{Source: c.contract.Name, ID: e.delivery.ID, File: c.found.Name, Reason: reason})
	} else {
		landed, err := p.land(c, e)
		if err != nil {
			return err
		}
		res.Landed = append(res.Landed, landed)
	}
	if c.pakbon.Name != "" { // before its file: a pakbon that stays behind alone would be a riddle
		err = c.place.connector.Remove(ctx, c.pakbon)
	}
	if err == nil {
		err = c.place.connector.Remove(ctx, c.found)
	}
	if errors.Is(err, ErrChanged) {
		res.grows(c)
		return nil
	}
	if err != nil {
		return fmt.Errorf("the file was received, but stays where it is: %w; remove it, and let the program remove files there", err)
	}
	return nil
}

// repeated says whether the bytes bring nothing new: what a crashed pull landed but did not take
// out, or the delivery in force, or what this pull landed last for the same peildatum.
func (p *pull) repeated(c candidate, e *extract) (Reason, bool) {
	source, id := c.contract.Name, e.delivery.ID
	if last, ok := p.last[source]; ok && last.ID == id {
		r := last.Newest()
		if r.File == receiptName(c.found.Name) && r.Modified.Equal(c.found.Modified) && p.withdrawn[key{source, id}] < r.Sequence {
			return AlreadyLanded, true
		}
	}
	if landed, ok := p.landed[key{source, c.peildatum}]; ok {
		return SameAsNewest, landed == id
	}
	inForce, ok := p.InForce(source, c.peildatum)
	return SameAsInForce, ok && inForce == id
}

var digitRun = regexp.MustCompile(`[0-9]+`)

// receiptName is a file name as JSON can keep it, and as it may be shown: nine digits in a row may be
// the number of a person.
func receiptName(name string) string {
	return digitRun.ReplaceAllStringFunc(strings.ToValidUTF8(name, "_"), func(digits string) string {
		if len(digits) == 9 {
			return "*********"
		}
		return digits
	})
}
