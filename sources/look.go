package sources

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
)

// A candidate is a file that one contract claims.
type candidate struct {
	contract  *Contract
	place     place
	found     Found
	pakbon    Found // without name when there is none
	peildatum string
}

// A place is a folder with the contracts that expect files there.
type place struct {
	dir       string
	connector Connector
	contracts []*Contract
}

// source is the name of the only contract of the place, or "".
func (p place) source() string {
	if len(p.contracts) == 1 {
		return p.contracts[0].Name
	}
	return ""
}

func (p place) patterns() []string {
	var out []string
	for _, c := range p.contracts {
		out = append(out, c.pattern)
	}
	return out
}

// placesOf gives the folders of the contracts, in order.
func placesOf(o Options) []place {
	byDir := map[string]*place{}
	var out []*place
	for _, c := range slices.SortedFunc(slices.Values(o.Contracts), func(a, b *Contract) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Name, b.Name))
	}) {
		p := byDir[c.Dir]
		if p == nil {
			p = &place{dir: c.Dir, connector: o.connect(c.Dir)}
			byDir[c.Dir] = p
			out = append(out, p)
		}
		p.contracts = append(p.contracts, c)
	}
	list := make([]place, len(out))
	for i, p := range out {
		list[i] = *p
	}
	return list
}

// look lists all places: what is claimed, and in the result what is not.
func look(ctx context.Context, places []place) ([]candidate, Result, error) {
	var candidates []candidate
	var res Result
	for _, p := range places {
		found, err := p.connector.List(ctx)
		if ctx.Err() != nil {
			return nil, res, ctx.Err()
		}
		if err != nil {
			res.Failed = append(res.Failed, Failed{Source: p.source(), Dir: p.dir, Err: err})
			continue
		}
		slices.SortFunc(found, func(a, b Found) int { return cmp.Compare(a.Name, b.Name) })
		found, pakbonnen := pairPakbonnen(found)
		for _, f := range found {
			if f.Ignored == IsFolder && belongs(path.Join(p.dir, f.Name), places) {
				continue
			}
			if c, ok := claim(p, f, &res); ok {
				c.pakbon = pakbonnen[f.Name]
				candidates = append(candidates, c)
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.contract.Name, b.contract.Name), a.found.Modified.Compare(b.found.Modified),
			cmp.Compare(a.found.Name, b.found.Name))
	})
	return candidates, res, nil
}

// claim finds the one contract of a file; without one, the result says why.
func claim(p place, f Found, res *Result) (candidate, bool) {
	left := Left{Source: p.source(), Dir: p.dir, File: f.Name, Reason: f.Ignored, Expected: p.patterns()}
	if f.Ignored != "" {
		res.Unrecognised = append(res.Unrecognised, left)
		return candidate{}, false
	}
	c := candidate{place: p, found: f}
	var names []string
	var dateErr error
	for _, contract := range p.contracts {
		date, ok, err := contract.Peildatum(f.Name)
		if ok {
			names = append(names, contract.Path)
			c.contract, c.peildatum, dateErr = contract, date, err
		}
	}
	switch {
	case len(names) == 0:
		left.Reason = NoMatch
	case len(names) > 1:
		res.Failed = append(res.Failed, Failed{Dir: p.dir, File: f.Name, Err: fmt.Errorf(
			"the name matches more than one contract: %s; give each its own folder or a narrower match", strings.Join(names, " and "))})
		return c, false
	case dateErr != nil:
		left.Reason, left.Source, left.Expected = ImpossibleDate, c.contract.Name, []string{c.contract.pattern}
	default:
		return c, true
	}
	res.Unrecognised = append(res.Unrecognised, left)
	return c, false
}

// belongs says whether dir is the folder of a contract, or holds one.
func belongs(dir string, places []place) bool {
	return slices.ContainsFunc(places, func(p place) bool { return p.dir == dir || strings.HasPrefix(p.dir, dir+"/") })
}

// strays lists what lies in the inbox outside the folders of contracts.
func strays(dataDir string, places []place) ([]Left, error) {
	var expected []string
	for _, p := range places {
		expected = append(expected, p.dir)
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
				left = append(left, Left{Dir: sub, Reason: NoContract, Expected: expected})
			case strings.HasPrefix(e.Name(), "."):
				left = append(left, Left{Dir: dir, File: e.Name(), Reason: Hidden})
			default:
				left = append(left, Left{Dir: dir, File: e.Name(), Reason: OutsideFolder, Expected: expected})
			}
		}
		return nil
	}
	if err := walk("inbox"); err != nil {
		return left, fmt.Errorf("list inbox: %w", err)
	}
	return left, nil
}
