package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
	"inbeeld/sources/pull"
)

// A gate counts concurrent calls, and blocks each until company of them are busy.
type gate struct {
	mu          sync.Mutex
	now, most   int
	company     int
	accompanied chan struct{}
}

func newGate(company int) *gate {
	return &gate{company: company, accompanied: make(chan struct{})}
}

func (b *gate) begin(ctx context.Context) error {
	b.mu.Lock()
	if b.now++; b.now > b.most {
		b.most = b.now
	}
	if b.now == b.company {
		close(b.accompanied)
		b.company = 0
	}
	b.mu.Unlock()
	select {
	case <-b.accompanied:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *gate) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now--
}

// A far place has files with the same modification time. It hangs, or responds once others are called too.
type far struct {
	files      []string
	list, open *gate
	hangs      bool
}

func (f far) List(ctx context.Context) (found []place.Found, err error) {
	defer f.list.end()
	if err := f.list.begin(ctx); err != nil {
		return nil, err
	}
	if f.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for _, name := range f.files {
		found = append(found, place.Found{Name: name, Size: int64(len(name)), Modified: newYear})
	}
	return found, nil
}

func (f far) Open(ctx context.Context, found place.Found, offset int64) (io.ReadCloser, error) {
	defer f.open.end()
	if err := f.open.begin(ctx); err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(found.Name[offset:])), nil
}

func (far) Remove(context.Context, place.Found) error { return place.ErrReadOnly }
func (far) Close()                                    {}

// farPull pulls from n remote places and one on this machine.
func farPull(ctx context.Context, t *testing.T, n int, open func(i int, name string) far) (*sandbox, pull.Result, error) {
	t.Helper()
	b := newBench(t)
	b.contracts = []*contract.Contract{contractFor(t, "register", "")}
	connectors := map[string]place.Connector{"register": place.Directory{Path: filepath.Join(b.data, "inbox/register")}}
	if err := os.Remove(filepath.Join(b.data, "inbox/sonar")); err != nil {
		t.Fatal(err)
	}
	b.drop("inbox/register/register_20201231.csv", "R", 1)
	for i := range n {
		name := fmt.Sprintf("bron%d", i)
		b.contracts = append(b.contracts, contractFor(t, name, fmt.Sprintf("from: {sftp: 'sftp://a@host/%d', known_hosts: 'file:k', key: 'file:k'}\n", i)))
		connectors[name] = open(i, name)
	}
	res, err := pull.Pull(ctx, pull.Options{
		Dialer: place.Dialer{
			DataDir: b.data, Now: newYear, Jitter: func() float64 { return 0 }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
			Patience: place.Patience{Idle: 100 * time.Millisecond, Total: time.Minute},
		},
		Contracts: b.contracts, InForce: func(string, string) (string, bool) { return "", false },
		Connect: func(c *contract.Contract) (place.Connector, error) { return connectors[c.Name], nil },
	})
	return b, res, err
}

// A limited number of places are read in parallel, but their files land in a fixed order: those on this
// machine first.
func TestPlacesSideBySide(t *testing.T) {
	list, open := newGate(pull.MaxParallelPlaces), newGate(pull.MaxParallelPlaces)
	want := []string{"landed register register_20201231.csv as 1"}
	for i := range 6 {
		for k, day := range []string{"20200930", "20201231"} {
			want = append(want, fmt.Sprintf("landed bron%d bron%d_%s.csv as %d", i, i, day, 2+2*i+k))
		}
	}
	b, res, err := farPull(t.Context(), t, 6, func(_ int, name string) far {
		return far{list: list, open: open, files: []string{name + "_20201231.csv", name + "_20200930.csv"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.want(res, want...)
	if list.most != pull.MaxParallelPlaces || open.most != pull.MaxParallelPlaces {
		t.Errorf("%d listed and %d read at once", list.most, open.most)
	}
	b.nothingHidden()
}

// A place that hangs does not affect others.
func TestPlacesThatHang(t *testing.T) {
	list, open := newGate(1), newGate(1)
	b, res, err := farPull(t.Context(), t, 6, func(i int, name string) far {
		return far{list: list, open: open, hangs: i%2 == 0, files: []string{name + "_20201231.csv"}}
	})
	if err != nil || len(res.Landed) != 4 || len(res.Failed) != 3 {
		t.Errorf("%+v, %v", res, err)
	}
	for i, f := range res.Failed {
		if f.Source != fmt.Sprintf("bron%d", 2*i) || f.Err.Error() != "no response for 100ms (tried 4 times)" {
			t.Errorf("%s: %v", f.Source, f.Err)
		}
	}
	b.nothingHidden()
}

// A pull that ends early removes the files that it fetched ahead.
func TestPlacesInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	list, open := newGate(1), newGate(1)
	b, res, err := farPull(ctx, t, 3, func(i int, name string) far {
		f := far{list: list, open: open, files: []string{name + "_20201231.csv"}}
		if i == 0 {
			f.open = newGate(2)
			time.AfterFunc(0, func() { <-open.accompanied; cancel() })
		}
		return f
	})
	if !errors.Is(err, context.Canceled) || len(res.Landed) > 1 {
		t.Errorf("%+v, %v", res, err)
	}
	if i := slices.IndexFunc(b.deliveries(), func(d delivery.Delivery) bool { return d.Source != "register" }); i >= 0 {
		t.Errorf("%+v", b.deliveries()[i])
	}
	b.nothingHidden()
}
