package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
	"inbeeld/sources/pull"
)

// A sandbox is a data directory with an inbox. Deliveries with "slecht" in them are refused.
type sandbox struct {
	*testing.T
	data      string
	contracts []*contract.Contract
	// wait runs between the two looks.
	wait  func()
	waits int
	// fault wraps the connector of each folder.
	fault func(place.Connector) place.Connector
	max   int64
	env   map[string]string
	// patience with places; pauses is the number of retries.
	patience place.Patience
	mu       sync.Mutex
	pauses   int
	// disk is the error of a write, or nil.
	disk error
}

// contractFor is a contract for <name>_<jjjjmmdd>….csv.
func contractFor(t *testing.T, name, extra string) *contract.Contract {
	return parseContract(t, "sources/"+name+".yaml", strings.Replace(goodContract, "sonar_", name+"_", 1)+extra)
}

func newBench(t *testing.T) *sandbox {
	b := &sandbox{T: t, data: t.TempDir(), wait: func() {}, fault: func(c place.Connector) place.Connector { return c }}
	b.contracts = []*contract.Contract{contractFor(t, "sonar", ""), contractFor(t, "register", "")}
	for _, dir := range []string{"inbox/sonar", "inbox/register"} {
		if err := os.MkdirAll(filepath.Join(b.data, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

var newYear = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// drop writes a file to a folder, modified that many minutes after new year.
func (b *sandbox) drop(path, text string, minutes int) {
	b.Helper()
	path = filepath.Join(b.data, path)
	write(b.T, path, text)
	at := newYear.Add(time.Duration(minutes) * time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		b.Fatal(err)
	}
}

func (b *sandbox) pull() pull.Result {
	b.Helper()
	res, err := b.try(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return res
}

func (b *sandbox) try(ctx context.Context) (pull.Result, error) {
	b.Helper()
	before := sync.OnceValue(b.state)
	o := pull.Options{
		Dialer: place.Dialer{
			DataDir: b.data, Now: newYear.Add(24 * time.Hour), Patience: b.patience, Jitter: func() float64 { return 0.5 }, Env: func(name string) string { return b.env[name] },
			Wait: func(ctx context.Context, d time.Duration) error {
				if d != pull.LookPause {
					b.mu.Lock()
					defer b.mu.Unlock()
					b.pauses++
					return ctx.Err()
				}
				b.waits++
				b.wait()
				return ctx.Err()
			},
		},
		Contracts: b.contracts, MaxSize: b.max,
		InForce: func(source, peildatum string) (string, bool) {
			d, ok := before().InForce(source, peildatum)
			return d.ID, ok
		},
		Accepted: func(source, id string) bool {
			s, _ := before().Standing(source, id)
			return s.Status == delivery.Aanvaard || s.Status == delivery.Vervangen
		},
		Profiler: func() pull.Profiler { return &counter{disk: b.disk} },
	}
	o.Connect = func(c *contract.Contract) (place.Connector, error) {
		inner, err := o.Reach(c)
		if err != nil {
			return nil, err
		}
		return b.fault(inner), nil
	}
	return pull.Pull(ctx, o)
}

type counter struct {
	bytes int
	disk  error
}

func (c *counter) Write(p []byte) (int, error) { c.bytes += len(p); return len(p), c.disk }
func (c *counter) JSON() json.RawMessage       { return fmt.Appendf(nil, `{"bytes": %d}`, c.bytes) }

func (b *sandbox) deliveries() []delivery.Delivery {
	b.Helper()
	deliveries, err := delivery.ReadDeliveries(b.data)
	if err != nil {
		b.Fatal(err)
	}
	return deliveries
}

func (b *sandbox) state() delivery.State {
	b.Helper()
	decisions, err := delivery.ReadDecisions(b.data)
	if err != nil {
		b.Fatal(err)
	}
	return delivery.Fold(b.deliveries(), decisions, func(d delivery.Delivery) delivery.Judgement {
		text, err := os.ReadFile(d.Original(b.data))
		if err != nil {
			b.Fatal(err)
		}
		return delivery.Judgement{Accepted: !strings.Contains(string(text), "slecht")}
	})
}

// describe returns a result in words, without IDs.
func describe(res pull.Result) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, l := range res.Landed {
		again := ""
		if l.Returned {
			again = " again"
		}
		add("landed%s %s %s as %d", again, l.Source, l.File, l.Sequence)
	}
	for _, r := range res.Repeated {
		add("repeated %s %s: %s", r.Source, r.File, r.Reason)
	}
	for _, l := range res.Growing {
		add("growing %s %s: %s", l.Dir, l.File, l.Reason)
	}
	for _, l := range res.Unrecognised {
		add("left %s %s: %s", l.Dir, l.File, l.Reason)
	}
	for _, f := range res.Failed {
		add("failed %s %s: %v", f.Dir, f.File, f.Err)
	}
	return strings.Join(lines, "\n")
}

func (b *sandbox) want(res pull.Result, lines ...string) {
	b.Helper()
	if diff := cmp.Diff(strings.Join(lines, "\n"), describe(res)); diff != "" {
		b.Error(diff)
	}
}

// inbox lists the remaining files.
func (b *sandbox) inbox(want ...string) {
	b.Helper()
	var got []string
	err := filepath.WalkDir(filepath.Join(b.data, "inbox"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(b.data, path)
			got = append(got, rel)
		}
		return err
	})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		b.Errorf("inbox: %v %s", err, diff)
	}
}

// nothingHidden checks that no unfinished folder remains.
func (b *sandbox) nothingHidden() {
	b.Helper()
	err := filepath.WalkDir(filepath.Join(b.data, "landing"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(e.Name(), ".") {
			b.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.Error(err)
	}
}

// broken is a connector with failing steps.
type broken struct {
	place.Connector
	list, open, read, remove func(name string) error
}

func (c broken) List(ctx context.Context) ([]place.Found, error) {
	if c.list != nil {
		if err := c.list(""); err != nil {
			return nil, err
		}
	}
	return c.Connector.List(ctx)
}

func (c broken) Open(ctx context.Context, f place.Found, offset int64) (io.ReadCloser, error) {
	if c.open != nil {
		if err := c.open(f.Name); err != nil {
			return nil, err
		}
	}
	r, err := c.Connector.Open(ctx, f, offset)
	if err == nil && c.read != nil {
		half := io.LimitReader(r, f.Size/2)
		fails := readerFunc(func([]byte) (int, error) { return 0, c.read(f.Name) })
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(half, fails, r), r}, nil
	}
	return r, err
}

func (c broken) Remove(ctx context.Context, f place.Found) error {
	if c.remove != nil {
		if err := c.remove(f.Name); err != nil {
			return err
		}
	}
	return c.Connector.Remove(ctx, f)
}

type readerFunc func([]byte) (int, error)

// Read returns the error, or calls the next reader.
func (f readerFunc) Read(p []byte) (int, error) {
	n, err := f(p)
	if err == nil {
		err = io.EOF
	}
	return n, err
}
