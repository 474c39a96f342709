package pull

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/sources/contract"
	"inbeeld/sources/place"
)

// A candidate is a file that matches one contract.
type candidate struct {
	contract  *contract.Contract
	place     *visit
	found     place.Found
	pakbon    place.Found // without a name if there is none
	peildatum string
}

// A visit is one place with the contracts of its files, and the result of looking there.
type visit struct {
	from      contract.From
	dir       string // its label
	connector place.Connector
	fault     error // why there is no connector
	contracts []*contract.Contract
	// candidates are new, received have landed before and are still there; seen has the rest.
	candidates, received []candidate
	seen                 Result
	arrivals             chan fetched // fetched ahead; nil for a folder on this machine
}

// source returns the name of the only contract of the place, or "".
func (p *visit) source() string {
	if len(p.contracts) == 1 {
		return p.contracts[0].Name
	}
	return ""
}

func (p *visit) patterns() []string {
	var out []string
	for _, c := range p.contracts {
		out = append(out, c.Pattern())
	}
	return out
}

// placesOf returns the places of the contracts, in order. Contracts that request files of a day do not share
// a place.
func placesOf(o Options) []*visit {
	type identity struct {
		From contract.From
		Name string
	}
	known := map[identity]*visit{}
	var out []*visit
	for _, c := range slices.SortedFunc(slices.Values(o.Contracts), func(a, b *contract.Contract) int {
		return cmp.Or(cmp.Compare(a.From.Label(), b.From.Label()), cmp.Compare(a.Name, b.Name))
	}) {
		id := identity{From: c.From}
		if c.From.Peildatum != "" {
			id.Name = c.Name
		}
		p := known[id]
		if p == nil {
			p = &visit{from: c.From, dir: c.From.Label()}
			p.connector, p.fault = o.connect(c)
			known[id] = p
			out = append(out, p)
		}
		p.contracts = append(p.contracts, c)
	}
	return out
}

func closeAll(places []*visit) {
	for _, p := range places {
		if p.connector != nil {
			p.connector.Close()
		}
	}
}

func (p *pull) lookAll(ctx context.Context, places []*visit) error {
	inParallel(places, func(at *visit) { p.look(ctx, at, places) })
	return ctx.Err()
}

// lookAgain looks at places again, and leaves out the files that changed meanwhile.
func (p *pull) lookAgain(ctx context.Context, places []*visit) error {
	inParallel(places, func(at *visit) {
		first := at.candidates
		if at.from.Remote() && len(first) == 0 {
			return
		}
		p.look(ctx, at, places)
		at.candidates = waitForPakbon(unchanged(first, at.candidates, &at.seen), p.Now, &at.seen)
	})
	return ctx.Err()
}

// look lists a place, and sorts its files into candidates, received and seen.
func (p *pull) look(ctx context.Context, where *visit, places []*visit) {
	where.candidates, where.received, where.seen = nil, nil, Result{}
	found, err := p.list(ctx, where)
	if err != nil {
		where.seen.Failed = append(where.seen.Failed, Failed{Source: where.source(), Dir: where.dir, Err: err})
		return
	}
	slices.SortFunc(found, func(a, b place.Found) int { return cmp.Compare(a.Name, b.Name) })
	files, pakbonnen := pairPakbonnen(found)
	for _, f := range files {
		if where.from.Kind == contract.FromDir && elsewhere(where, path.Join(where.dir, f.Name), f.Ignored == place.IsFolder, places) {
			continue
		}
		c, ok := claim(where, f)
		if !ok {
			continue
		}
		c.pakbon = pakbonnen[f.Name]
		if _, received := p.receivedAs(c); received {
			where.received = append(where.received, c)
		} else {
			where.candidates = append(where.candidates, c)
		}
	}
}

func (p *pull) list(ctx context.Context, at *visit) (found []place.Found, err error) {
	if at.fault != nil {
		return nil, at.fault
	}
	err = p.Retry(ctx, at.from.Timeout, func(ctx context.Context, _ func()) error {
		var err error
		found, err = at.connector.List(ctx)
		return err
	})
	return found, err
}

// inOrder returns the candidates in the order of their receipts. Files on this machine come first, so that
// they do not wait for another one.
func inOrder(places []*visit) []candidate {
	var all []candidate
	for _, p := range places {
		all = append(all, p.candidates...)
	}
	distance := func(c candidate) int {
		if c.place.from.Remote() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(distance(a)-distance(b), cmp.Compare(a.contract.Name, b.contract.Name), a.found.Modified.Compare(b.found.Modified),
			cmp.Compare(a.found.Name, b.found.Name))
	})
	return all
}

// gather merges what was seen at all places.
func gather(places []*visit) Result {
	var res Result
	for _, p := range places {
		res.Growing = append(res.Growing, p.seen.Growing...)
		res.Unrecognised = append(res.Unrecognised, p.seen.Unrecognised...)
		res.Failed = append(res.Failed, p.seen.Failed...)
	}
	return res
}

// claim finds the contract of a file. Without one, it adds the reason to what was seen.
func claim(p *visit, f place.Found) (candidate, bool) {
	res := &p.seen
	left := Left{Source: p.source(), Dir: p.dir, File: f.Name, Reason: f.Ignored, Expected: p.patterns()}
	if f.Ignored != "" {
		res.Unrecognised = append(res.Unrecognised, left)
		return candidate{}, false
	}
	c := candidate{place: p, found: f}
	var names []string
	var dateErr error
	for _, contract := range p.contracts {
		date, ok, err := contract.Peildatum(path.Base(f.Name))
		if ok {
			names = append(names, contract.Path)
			c.contract, c.peildatum, dateErr = contract, date, err
		}
	}
	switch {
	case len(names) == 0:
		left.Reason = place.NoMatch
	case len(names) > 1:
		res.Failed = append(res.Failed, Failed{Dir: p.dir, File: f.Name, Err: fmt.Errorf(
			"the name matches more than one contract: %s; give each a separate folder or a narrower match", strings.Join(names, " and "))})
		return c, false
	case dateErr != nil:
		left.Reason, left.Source, left.Expected = place.ImpossibleDate, c.contract.Name, []string{c.contract.Pattern()}
	default:
		return c, true
	}
	res.Unrecognised = append(res.Unrecognised, left)
	return c, false
}

// belongs reports whether dir is or contains the folder of a contract.
func belongs(dir string, places []*visit) bool {
	return slices.ContainsFunc(places, func(p *visit) bool {
		return p.from.Kind == contract.FromDir && (p.dir == dir || strings.HasPrefix(p.dir, dir+"/"))
	})
}

// elsewhere reports whether an entry below a folder belongs to another place.
func elsewhere(at *visit, name string, folder bool, places []*visit) bool {
	return folder && belongs(name, places) || slices.ContainsFunc(places, func(p *visit) bool {
		return p.from.Kind == contract.FromDir && strings.HasPrefix(p.dir, at.dir+"/") && strings.HasPrefix(name, p.dir+"/")
	})
}

// strays lists the entries of the inbox outside the folders of contracts.
func strays(dataDir string, places []*visit) ([]Left, error) {
	var expected []string
	for _, p := range places {
		if p.from.Kind == contract.FromDir {
			expected = append(expected, p.dir)
		}
	}
	var left []Left
	var walk func(dir string) error
	walk = func(dir string) error {
		if slices.Contains(expected, dir) {
			return nil
		}
		entries, err := os.ReadDir(filepath.Join(dataDir, filepath.FromSlash(dir)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			sub := path.Join(dir, e.Name())
			info, err := os.Stat(filepath.Join(dataDir, filepath.FromSlash(sub)))
			switch folder := err == nil && info.IsDir(); {
			case folder && belongs(sub, places):
				if err := walk(sub); err != nil {
					return err
				}
			case folder:
				left = append(left, Left{Dir: sub, Reason: place.NoContract, Expected: expected})
			case strings.HasPrefix(e.Name(), "."):
				left = append(left, Left{Dir: dir, File: e.Name(), Reason: place.Hidden})
			default:
				left = append(left, Left{Dir: dir, File: e.Name(), Reason: place.OutsideFolder, Expected: expected})
			}
		}
		return nil
	}
	if err := walk("inbox"); err != nil {
		return left, fmt.Errorf("list inbox: %w", err)
	}
	return left, nil
}
