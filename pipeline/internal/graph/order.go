package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"inbeeld/pipeline/internal/fingerprint"
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
	srcs, meta := map[string]bool{}, map[string]bool{}
	for _, r := range n.Reads {
		switch r.Kind {
		case ReadRaw:
			srcs[r.Name] = true
		case ReadMeta:
			meta[r.Name] = true
		case ReadModel, ReadBefore, ReadYear:
			of := b.lookup(r.Name)
			for _, s := range of.Sources {
				srcs[s] = true
			}
			for _, m := range of.Meta {
				meta[m] = true
			}
		case ReadRef:
		}
	}
	n.Sources, n.Meta = slices.Sorted(maps.Keys(srcs)), slices.Sorted(maps.Keys(meta))
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
		case ReadModel:
			of := b.lookup(r.Name)
			parts = append(parts, of.Closure)
			for _, in := range of.Inputs {
				add(in)
			}
		case ReadBefore, ReadYear:
			of := b.lookup(r.Name)
			parts = append(parts, of.Closure)
			for _, in := range of.Inputs {
				add(Input{Source: in.Source, Via: append([]*Query{n}, in.Via...), Year: r.Kind == ReadYear})
			}
		case ReadMeta:
		}
	}
	n.Closure = fingerprint.Of(parts...)
}
