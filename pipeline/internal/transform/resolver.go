package transform

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// A Step is one query on one peildatum, or once for a query without peildata.
type Step struct {
	Node        *graph.Query
	Peildatum   string
	fingerprint string
	At          location // of the result; zero until it is computed
	reads       []resolved
}

// String names the step in errors.
func (s *Step) String() string {
	if s.Peildatum == "" {
		return s.Node.Name
	}
	return s.Node.Name + " on " + s.Peildatum
}

// Done reports whether the step has a result.
func (s *Step) Done() bool { return s.At.path != "" }

// resolved is a read of a step with the delivery or results that it reads.
type resolved struct {
	graph.Read
	Schema, Table string
	delivery      *delivery.Delivery // raw: nil if none is in force
	delivered     bool               // a delivery or its quarantine, as checks see it
	parts         []Part             // model: one stand, or all for a query that reads the union
	columns       []duck.Column
}

// A Part is part of the results of a query: a yearly bundle or one step.
type Part struct {
	fingerprint string // of a year, in its first part
	Bundle      string
	Step        *Step
}

type stepKey struct{ node, peildatum string }

// A Resolver works out which steps a publication needs from the state of deliveries, a bound project and
// the meta tables. It runs nothing.
//
// The fingerprint of a result on a peildatum covers the peildatum, the query with all queries below it,
// and the deliveries that these read on that date. It needs no results in between, so closed years are
// compared as a whole.
type Resolver struct {
	data   string
	Bound  *graph.Graph
	State  delivery.State
	loads  map[string]*lake.Load // by lake.Key
	Meta   map[string]string     // fingerprints of the meta tables
	Fresh  bool                  // ignore stored results
	steps  map[stepKey]*Step
	Order  []*Step             // each after what it reads
	Dates  map[string][]string // peildata by sources, joined by spaces
	All    map[string][]Part   // by query
	stores map[string]*ResultStore
	Force  map[string]InForce // by source
	years  map[string]string  // fingerprints of the deliveries in force in a year
	inUse  map[string]bool    // paths of results that this publication uses
	Err    error              // of opening a result store
}

// InForce holds the peildata of a source, sorted, with the fingerprint of the delivery in force on each.
type InForce struct {
	Dates        []string
	Fingerprints []string
}

// NewResolver returns a resolver without steps. If fresh is set, it ignores stored results.
func NewResolver(data string, bound *graph.Graph, state delivery.State, loads map[string]*lake.Load, fresh bool) *Resolver {
	r := &Resolver{
		data: data, Bound: bound, State: state, loads: loads, Fresh: fresh, Meta: map[string]string{}, steps: map[stepKey]*Step{},
		Dates: map[string][]string{}, All: map[string][]Part{}, stores: map[string]*ResultStore{}, Force: map[string]InForce{}, years: map[string]string{}, inUse: map[string]bool{},
	}
	for _, c := range bound.Contracts {
		f := InForce{Dates: state.Peildata(c.Name)}
		for _, p := range f.Dates {
			d, _ := state.InForce(c.Name, p)
			f.Fingerprints = append(f.Fingerprints, loads[lake.Key(d.Source, d.ID)].Fingerprint)
		}
		r.Force[c.Name] = f
	}
	return r
}

// on returns the fingerprint of the delivery in force on a date, or "none".
func (f InForce) on(date string) string {
	i, exact := slices.BinarySearch(f.Dates, date)
	if exact {
		i++
	}
	if i == 0 {
		return "none"
	}
	return f.Fingerprints[i-1]
}

// Peildata returns the dates on which a query over these sources has a stand: each date on which one of
// them has an accepted delivery, from the first date on which all have one.
func (r *Resolver) Peildata(srcs []string) []string {
	key := strings.Join(srcs, " ")
	if dates, ok := r.Dates[key]; ok {
		return dates
	}
	var dates []string
	from := ""
	for _, s := range srcs {
		accepted := r.Force[s].Dates
		if len(accepted) == 0 {
			dates, from = nil, ""
			break
		}
		from = max(from, accepted[0])
		dates = append(dates, accepted...)
	}
	slices.Sort(dates)
	dates = slices.Compact(dates)
	dates = dates[max(0, slices.Index(dates, from)):]
	r.Dates[key] = dates
	return dates
}

// Stands returns the peildata of a query; one without peildata has the single stand "".
func (r *Resolver) Stands(n *graph.Query) []string {
	if n.Per == graph.PerNone {
		return []string{""}
	}
	dates := r.Peildata(n.Peildata)
	if n.Per == graph.PerLast {
		return dates[max(0, len(dates)-1):]
	}
	return dates
}

// Last returns the last peildatum of all sources, or "" if no delivery has been accepted.
func (r *Resolver) Last() string {
	last := ""
	for _, f := range r.Force {
		if len(f.Dates) > 0 {
			last = max(last, f.Dates[len(f.Dates)-1])
		}
	}
	return last
}

// Before returns the preceding peildatum of a query, or "" at its first.
func (r *Resolver) Before(n *graph.Query, peildatum string) string {
	dates := r.Peildata(n.Peildata)
	if i, _ := slices.BinarySearch(dates, peildatum); i > 0 {
		return dates[i-1]
	}
	return ""
}

// parts returns all results of a query by peildatum: a bundle for each closed year that has one, steps
// for the rest. The fingerprints are the same either way.
func (r *Resolver) parts(n *graph.Query) []Part {
	if all, ok := r.All[n.Name]; ok {
		return all
	}
	var all []Part
	for _, year := range byYear(r.Stands(n)) {
		digest := r.yearFingerprint(n, year)
		path := ""
		if !r.Fresh && len(year) > 0 && year[0] != "" {
			path = r.Store(n).Bundles[bundleKey(year[0][:4], digest)]
		}
		if path != "" {
			r.inUse[path] = true
			r.inUse[bundleListPath(r.Store(n).Dir, bundleKey(year[0][:4], digest))] = true
			all = append(all, Part{fingerprint: digest, Bundle: path})
			continue
		}
		for i, p := range year {
			part := Part{Step: r.step(n, p)}
			if i == 0 {
				part.fingerprint = digest
			}
			all = append(all, part)
		}
	}
	r.All[n.Name] = all
	return all
}

// inForce returns the date on which an input is read for a peildatum and the fingerprint of its
// delivery in force then, or only "none".
func (r *Resolver) inForce(in graph.Input, peildatum string) []string {
	on := r.InputDate(in, peildatum)
	if on == "" {
		return []string{"none"}
	}
	return []string{on, r.Force[in.Source].on(on)}
}

// Store opens the results of a query, once. It records a failure in r.Err.
func (r *Resolver) Store(n *graph.Query) *ResultStore {
	if s, ok := r.stores[n.Name]; ok {
		return s
	}
	s, err := OpenStore(filepath.Join(r.data, "stand", n.Name))
	if err != nil {
		r.Err = fmt.Errorf("read stored results: %w", err)
		s = &ResultStore{}
	}
	r.stores[n.Name] = s
	return s
}

// step works out one step and, if it has no stored result, all steps that it reads.
func (r *Resolver) step(n *graph.Query, peildatum string) *Step {
	key := stepKey{n.Name, peildatum}
	if s, ok := r.steps[key]; ok {
		return s
	}
	s := &Step{Node: n, Peildatum: peildatum, fingerprint: r.Fingerprint(n, peildatum)}
	r.steps[key] = s
	if at, ok := r.Store(n).Find(s.fingerprint); ok && !r.Fresh {
		s.At = at
	} else {
		for _, read := range n.Reads {
			s.reads = append(s.reads, r.Resolve(n, read, peildatum))
		}
	}
	r.Order = append(r.Order, s)
	return s
}

// Resolve works out what a read of a query stands for on a peildatum.
func (r *Resolver) Resolve(n *graph.Query, read graph.Read, peildatum string) resolved {
	schema, table, _ := strings.Cut(read.Name, ".")
	res := resolved{Read: read, Schema: schema, Table: table}
	if of := r.Bound.Delivered[read.Name]; of != nil && read.Kind != graph.ReadRaw {
		return r.resolveDelivered(n, of, res, peildatum)
	}
	switch read.Kind {
	case graph.ReadRaw:
		res.Schema, res.Table = "raw", read.Name
		res.columns = graph.RawColumns(r.Bound.Contract(read.Name))
		on := peildatum
		if on == "" {
			on = "9999-12-31"
		}
		if d, ok := r.State.InForceOn(read.Name, on); ok {
			res.delivery = &d
		}
	case graph.ReadRef:
		res.Schema, res.Table = "ref", read.Name
	case graph.ReadMeta:
		res.Schema, res.Table = "meta", read.Name
	case graph.ReadBefore, graph.ReadYear:
		of := r.Bound.ByName[read.Name]
		_, res.Table, _ = strings.Cut(read.Table(), ".")
		res.columns = of.Columns
		if before := r.Earlier(n, peildatum, read.Kind == graph.ReadYear); before != "" {
			res.parts = []Part{{Step: r.step(of, before)}}
		}
	case graph.ReadModel:
		of := r.Bound.ByName[read.Name]
		res.columns = of.Columns
		if n.Per != graph.PerNone && of.Per == graph.PerPeildatum {
			res.parts = []Part{{Step: r.step(of, peildatum)}}
		} else {
			res.parts = r.parts(of)
		}
	}
	return res
}

// From returns the SELECT behind a table that a step reads, or "" for reference and meta tables, which
// every catalog has.
func (r *Resolver) From(of resolved) string {
	if of.delivered {
		return r.fromDelivered(of)
	}
	switch of.Kind {
	case graph.ReadRef, graph.ReadMeta:
		return ""
	case graph.ReadRaw:
		if of.delivery == nil {
			return graph.Empty(of.columns)
		}
		return r.lake(*of.delivery, of.columns)
	case graph.ReadModel, graph.ReadBefore, graph.ReadYear:
	}
	return Union(of.parts, of.columns)
}

// Union returns a SELECT of all rows of parts, which must all be computed.
func Union(parts []Part, columns []duck.Column) string {
	var full []string                // files that are read completely
	bundled := map[string][]string{} // peildata by bundle
	var order []string
	for _, p := range parts {
		switch {
		case p.Bundle != "":
			full = append(full, quote.Literal(p.Bundle))
		case p.Step.At.peildatum == "":
			full = append(full, quote.Literal(p.Step.At.path))
		default:
			if bundled[p.Step.At.path] == nil {
				order = append(order, p.Step.At.path)
			}
			bundled[p.Step.At.path] = append(bundled[p.Step.At.path], "date "+quote.Literal(p.Step.At.peildatum))
		}
	}
	var selects []string
	if len(full) > 0 {
		selects = append(selects, "select "+graph.Names(columns)+" from read_parquet(["+strings.Join(full, ", ")+"])")
	}
	for _, path := range order {
		selects = append(selects, "select "+graph.Names(columns)+" from read_parquet("+quote.Literal(path)+") where "+quote.Ident(peildatumColumn)+" in ("+strings.Join(bundled[path], ", ")+")")
	}
	if len(selects) == 0 {
		return graph.Empty(columns)
	}
	return strings.Join(selects, " union all ")
}

// files returns the paths of the files of parts.
func files(parts []Part) []string {
	var paths []string
	for _, p := range parts {
		if p.Bundle != "" {
			paths = append(paths, p.Bundle)
		} else {
			paths = append(paths, p.Step.At.path)
		}
	}
	return slices.Compact(paths)
}
