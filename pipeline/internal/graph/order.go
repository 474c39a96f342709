package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/sqlast"
)

// sort puts the queries in order and derives their indirect reads.
func (b *Binder) sort() {
	graph := sqlast.Graph{}
	for name, n := range b.ByName {
		graph[name] = []string{}
		for _, r := range n.Reads {
			if r.Kind == ReadModel || r.Kind == ReadBefore {
				graph[name] = append(graph[name], r.Name)
			}
		}
	}
	order, err := graph.Order()
	var cycle *sqlast.CycleError
	for errors.As(err, &cycle) {
		n := b.ByName[cycle.Path[0]]
		place, ok := n.readAt[Read{ReadModel, cycle.Path[1]}]
		if !ok {
			place = n.readAt[Read{ReadBefore, cycle.Path[1]}]
		}
		b.fault(faultAt(n.Model.Path, n.Text, place, "break the cycle: let one of them read what the other reads", "%v", cycle))
		for _, name := range cycle.Path {
			b.ByName[name].broken = true
		}
		graph[cycle.Path[0]] = nil
		order, err = graph.Order()
	}
	b.Order = b.Order[:0]
	for i, name := range order {
		n := b.ByName[name]
		n.Level = i
		b.Order = append(b.Order, n)
		b.derive(n)
	}
}

// derive sets the sources, meta tables and peildata of a query. Those of its reads must be set.
func (b *Binder) derive(n *Query) {
	for _, r := range n.Reads {
		switch r.Kind {
		case ReadRaw:
			n.Sources = append(n.Sources, r.Name)
		case ReadMeta:
			n.Meta = append(n.Meta, r.Name)
		case ReadModel, ReadBefore, ReadYear:
			of := b.lookup(r.Name)
			n.Sources, n.Meta = append(n.Sources, of.Sources...), append(n.Meta, of.Meta...)
		case ReadRef:
		}
	}
	slices.Sort(n.Sources)
	slices.Sort(n.Meta)
	n.Sources, n.Meta = slices.Compact(n.Sources), slices.Compact(n.Meta)
	n.Peildata = n.Sources
	if n.Model != nil && len(n.Model.Peildata) > 0 {
		n.Peildata = slices.Sorted(slices.Values(n.Model.Peildata))
	}
	b.setClosure(n)
}

// setClosure sets what goes into the fingerprint of a stand: the closure and the inputs.
func (b *Binder) setClosure(n *Query) {
	parts := []string{n.Name, n.Definition()}
	seen := map[string]bool{}
	add := func(in Input) {
		key := fmt.Sprint(in.Source, in.Year)
		for _, v := range in.Via {
			key += " " + v.Name
		}
		if !seen[key] {
			seen[key] = true
			n.Inputs = append(n.Inputs, in)
		}
	}
	for _, r := range n.Reads {
		parts = append(parts, fmt.Sprint(r.Kind), r.Name)
		switch r.Kind {
		case ReadRaw:
			parts = append(parts, fmt.Sprint(RawColumns(b.Contract(r.Name))))
			add(Input{Source: r.Name})
		case ReadRef:
			parts = append(parts, b.Reference(r.Name).Fingerprint())
		case ReadModel, ReadBefore, ReadYear:
			of := b.lookup(r.Name)
			parts = append(parts, of.Closure)
			for _, in := range of.Inputs {
				if r.Kind != ReadModel {
					in = Input{Source: in.Source, Via: append([]*Query{n}, in.Via...), Year: r.Kind == ReadYear}
				}
				add(in)
			}
		case ReadMeta:
		}
	}
	n.Closure = fingerprint.Of(parts...)
}

// A basis has the fingerprint of everything besides deliveries that determines the figures of a mart: models,
// reference tables and contracts by path, check queries by name, and the program. Equal bases give equal
// figures.
type basis map[string]string

// programPart is the key of the program in a basis: its loader and engine versions.
const programPart = "program"

// Version returns the definitieversie.
func (b basis) Version() string {
	parts := []string{"definitie"}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		parts = append(parts, name, b[name])
	}
	return fingerprint.Of(parts...)[:12]
}

// setBases sets the basis of each mart.
func (g *Graph) setBases() {
	program := fingerprint.Of(fingerprint.EngineVersion, strconv.Itoa(fingerprint.LoaderVersion))[:12]
	for _, n := range g.Order {
		if n.Model.Schema == "marts" {
			n.Basis = basis{programPart: program}
			g.collect(n, n.Basis)
		}
	}
}

// collect adds a query, and everything below it, to a basis.
func (g *Graph) collect(n *Query, into basis) {
	name := n.Name
	switch {
	case n.Model != nil:
		name = n.Model.Path
	case n.Check == nil: // a delivery or its quarantine
		for _, source := range n.Sources {
			g.collectContract(source, into)
		}
		return
	}
	if _, seen := into[name]; seen {
		return
	}
	parts := []string{"query", n.Definition(), fmt.Sprint(n.Per), fmt.Sprint(n.Peildata)}
	if n.Model != nil {
		parts = append(parts, fmt.Sprint(n.Model.Grain))
	}
	into[name] = fingerprint.Of(parts...)[:12]
	for _, r := range n.Reads {
		switch r.Kind {
		case ReadRaw:
			g.collectContract(r.Name, into)
		case ReadRef:
			ref := g.Reference(r.Name)
			into[ref.Path] = ref.Fingerprint()[:12]
		case ReadMeta: // describes all deliveries, and perhaps findings
			for _, c := range g.Contracts {
				g.collectContract(c.Name, into)
			}
			if r.Name == Findings {
				for _, check := range g.Checks {
					g.collect(check, into)
				}
			}
		case ReadModel, ReadBefore, ReadYear:
			g.collect(g.lookup(r.Name), into)
		}
	}
}

func (g *Graph) collectContract(source string, into basis) {
	if c := g.Contract(source); c != nil {
		into[c.Path] = c.Fingerprint()[:12]
	}
}

// Causes returns the parts of a basis that differ from those in a manifest, sorted. A manifest without
// definitions was written by an older program.
func (b basis) Causes(old *mart.Manifest) []string {
	if len(old.Definitions) == 0 {
		return []string{programPart}
	}
	causes := []string{}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if old.Definitions[name] != b[name] {
			causes = append(causes, name)
		}
	}
	return causes
}
