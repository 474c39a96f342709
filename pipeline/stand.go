package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources"
	"inbeeld/sql"
)

// A step is one query on one peildatum (or once, for queries without), with the place of its result.
type step struct {
	node      *graph.Query
	peildatum string
	print     string
	at        kept // of the result; empty until it is computed
	reads     []resolved
}

func (s *step) done() bool { return s.at.path != "" }

// resolved is a read of a step with what it stands for.
type resolved struct {
	graph.Read
	schema, table string
	delivery      *sources.Delivery // raw: nil when none is in force
	delivered     bool              // a delivery or its quarantine, as checks see it
	pieces        []piece           // model: one stand, or all for a query that sees the union
	columns       []duck.Column
}

// A piece is part of the results of a query: a bundle of a closed year, or one step.
type piece struct {
	print  string // of its year, at the first piece of it
	bundle string
	step   *step
}

type stepKey struct{ node, peildatum string }

// A ground is what a night stands on: the state of deliveries, a bound project and the meta tables.
// It works out which steps a publication needs; it runs nothing.
//
// The fingerprint of a per-peildatum result is over its peildatum, its query with all queries below
// it, and the deliveries that these read on that date. So it is known without looking at what lies
// between, and a night looks at years, not at nights.
type ground struct {
	data   string
	bound  *graph.Graph
	state  sources.State
	loads  map[string]*lake.Load // by loadKey
	meta   map[string]string     // fingerprints of the meta tables
	fresh  bool                  // distrust what is kept
	steps  map[stepKey]*step
	order  []*step // each after what it reads
	dates  map[string][]string
	all    map[string][]piece
	shelfs map[string]*shelf
	force  map[string]inForce
	years  map[string]string // fingerprints of what is in force in a year
	marked map[string]bool   // paths that tonight's publication rests on
	err    error             // of reading a shelf
}

// inForce are the peildata of a source with the fingerprint of what is in force on each.
type inForce struct {
	dates  []string
	prints []string
}

func newGround(data string, bound *graph.Graph, state sources.State, loads map[string]*lake.Load, fresh bool) *ground {
	g := &ground{
		data: data, bound: bound, state: state, loads: loads, fresh: fresh, meta: map[string]string{}, steps: map[stepKey]*step{},
		dates: map[string][]string{}, all: map[string][]piece{}, shelfs: map[string]*shelf{}, force: map[string]inForce{}, years: map[string]string{}, marked: map[string]bool{},
	}
	for _, c := range bound.Contracts {
		f := inForce{dates: state.Peildata(c.Name)}
		for _, p := range f.dates {
			d, _ := state.InForce(c.Name, p)
			f.prints = append(f.prints, loads[lake.Key(d.Source, d.ID)].Fingerprint)
		}
		g.force[c.Name] = f
	}
	return g
}

// on is the fingerprint of the delivery in force on a date.
func (f inForce) on(date string) string {
	i, exact := slices.BinarySearch(f.dates, date)
	if exact {
		i++
	}
	if i == 0 {
		return "none"
	}
	return f.prints[i-1]
}

// peildata are the dates on which a query over these sources has a stand: those on which one of them
// had an accepted delivery, from the first date on which all have one.
func (g *ground) peildata(srcs []string) []string {
	key := strings.Join(srcs, " ")
	if dates, ok := g.dates[key]; ok {
		return dates
	}
	var dates []string
	from := ""
	for _, s := range srcs {
		own := g.force[s].dates
		if len(own) == 0 {
			dates, from = nil, ""
			break
		}
		from = max(from, own[0])
		dates = append(dates, own...)
	}
	slices.Sort(dates)
	dates = slices.Compact(dates)
	dates = dates[max(0, slices.Index(dates, from)):]
	g.dates[key] = dates
	return dates
}

// stands are the peildata of a query; one without peildata has the one stand "".
func (g *ground) stands(n *graph.Query) []string {
	if n.Per == graph.PerNone {
		return []string{""}
	}
	dates := g.peildata(n.Peildata)
	if n.Per == graph.PerLast {
		return dates[max(0, len(dates)-1):]
	}
	return dates
}

// last is the last peildatum of all sources, "" when nothing was accepted yet.
func (g *ground) last() string {
	last := ""
	for _, f := range g.force {
		if len(f.dates) > 0 {
			last = max(last, f.dates[len(f.dates)-1])
		}
	}
	return last
}

// before is the preceding peildatum of a query, "" at its first.
func (g *ground) before(n *graph.Query, peildatum string) string {
	dates := g.peildata(n.Peildata)
	if i, _ := slices.BinarySearch(dates, peildatum); i > 0 {
		return dates[i-1]
	}
	return ""
}

// pieces are all results of a query, in order of peildatum: a bundle for each closed year that has
// one, steps for the rest. Its prints do not depend on which it is.
func (g *ground) pieces(n *graph.Query) []piece {
	if all, ok := g.all[n.Name]; ok {
		return all
	}
	var all []piece
	for _, year := range byYear(g.stands(n)) {
		print := g.yearPrint(n, year)
		path := ""
		if !g.fresh && len(year) > 0 && year[0] != "" {
			path = g.shelf(n).bundles[bundleKey(year[0][:4], print)]
		}
		if path != "" {
			g.marked[path] = true
			g.marked[bundleList(g.shelf(n).dir, bundleKey(year[0][:4], print))] = true
			all = append(all, piece{print: print, bundle: path})
			continue
		}
		for i, p := range year {
			pc := piece{step: g.step(n, p)}
			if i == 0 {
				pc.print = print
			}
			all = append(all, pc)
		}
	}
	g.all[n.Name] = all
	return all
}

// inForce is the peildatum that an input is looked at on a peildatum, and the delivery in force then.
func (g *ground) inForce(in graph.Input, peildatum string) []string {
	on := g.lookedAt(in, peildatum)
	if on == "" {
		return []string{"none"}
	}
	return []string{on, g.force[in.Source].on(on)}
}

func (g *ground) shelf(n *graph.Query) *shelf {
	if s, ok := g.shelfs[n.Name]; ok {
		return s
	}
	s, err := openShelf(filepath.Join(g.data, "stand", n.Name))
	if err != nil {
		g.err = fmt.Errorf("read kept results: %w", err)
		s = &shelf{}
	}
	g.shelfs[n.Name] = s
	return s
}

// step works out one step and, when its result must be computed, all it rests on.
func (g *ground) step(n *graph.Query, peildatum string) *step {
	key := stepKey{n.Name, peildatum}
	if s, ok := g.steps[key]; ok {
		return s
	}
	s := &step{node: n, peildatum: peildatum, print: g.print(n, peildatum)}
	g.steps[key] = s
	if at, ok := g.shelf(n).find(s.print); ok && !g.fresh {
		s.at = at
	} else {
		for _, r := range n.Reads {
			s.reads = append(s.reads, g.resolve(n, r, peildatum))
		}
	}
	g.order = append(g.order, s)
	return s
}

func (g *ground) resolve(n *graph.Query, r graph.Read, peildatum string) resolved {
	schema, table, _ := strings.Cut(r.Name, ".")
	res := resolved{Read: r, schema: schema, table: table}
	if of := g.bound.Delivered[r.Name]; of != nil && r.Kind != graph.ReadRaw {
		return g.resolveDelivered(n, of, res, peildatum)
	}
	switch r.Kind {
	case graph.ReadRaw:
		res.schema, res.table = "raw", r.Name
		res.columns = graph.RawColumns(g.bound.Contract(r.Name))
		on := peildatum
		if on == "" {
			on = "9999-12-31"
		}
		if d, ok := g.state.InForceOn(r.Name, on); ok {
			res.delivery = &d
		}
	case graph.ReadRef:
		res.schema, res.table = "ref", r.Name
	case graph.ReadMeta:
		res.schema, res.table = "meta", r.Name
	case graph.ReadBefore, graph.ReadYear:
		of := g.bound.Nodes[r.Name]
		_, res.table, _ = strings.Cut(r.Table(), ".")
		res.columns = of.Columns
		if before := g.earlier(n, peildatum, r.Kind == graph.ReadYear); before != "" {
			res.pieces = []piece{{step: g.step(of, before)}}
		}
	case graph.ReadModel:
		of := g.bound.Nodes[r.Name]
		res.columns = of.Columns
		if n.Per != graph.PerNone && of.Per == graph.PerPeildatum {
			res.pieces = []piece{{step: g.step(of, peildatum)}}
		} else {
			res.pieces = g.pieces(of)
		}
	}
	return res
}

// from is the SELECT behind a table that a step reads; "" for those that are always there.
func (g *ground) from(r resolved) string {
	if r.delivered {
		return g.fromDelivered(r)
	}
	switch r.Kind {
	case graph.ReadRef, graph.ReadMeta:
		return ""
	case graph.ReadRaw:
		if r.delivery == nil {
			return graph.Empty(r.columns)
		}
		return g.lake(*r.delivery, r.columns)
	case graph.ReadModel, graph.ReadBefore, graph.ReadYear:
	}
	return union(r.pieces, r.columns)
}

// union is a SELECT of all rows of pieces, which are all computed.
func union(pieces []piece, columns []duck.Column) string {
	var whole []string
	parts := map[string][]string{}
	var order []string
	for _, p := range pieces {
		switch {
		case p.bundle != "":
			whole = append(whole, sql.Literal(p.bundle))
		case p.step.at.peildatum == "":
			whole = append(whole, sql.Literal(p.step.at.path))
		default:
			if parts[p.step.at.path] == nil {
				order = append(order, p.step.at.path)
			}
			parts[p.step.at.path] = append(parts[p.step.at.path], "date "+sql.Literal(p.step.at.peildatum))
		}
	}
	var selects []string
	if len(whole) > 0 {
		selects = append(selects, "select "+graph.Names(columns)+" from read_parquet(["+strings.Join(whole, ", ")+"])")
	}
	for _, path := range order {
		selects = append(selects, "select "+graph.Names(columns)+" from read_parquet("+sql.Literal(path)+") where "+sql.Ident(peildatumColumn)+" in ("+strings.Join(parts[path], ", ")+")")
	}
	if len(selects) == 0 {
		return graph.Empty(columns)
	}
	return strings.Join(selects, " union all ")
}

// files are the files behind pieces.
func files(pieces []piece) []string {
	var paths []string
	for _, p := range pieces {
		if p.bundle != "" {
			paths = append(paths, p.bundle)
		} else {
			paths = append(paths, p.step.at.path)
		}
	}
	return slices.Compact(paths)
}
