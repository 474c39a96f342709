package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"inbeeld/pipeline/internal/dag"
)

// sort puts the nodes in order and derives what each reads through others.
func (b *binder) sort() {
	graph := dag.Graph{}
	for name, n := range b.nodes {
		graph[name] = []string{}
		for _, r := range n.reads {
			if r.kind == readModel || r.kind == readBefore {
				graph[name] = append(graph[name], r.name)
			}
		}
	}
	order, err := graph.Order()
	var cycle *dag.CycleError
	for errors.As(err, &cycle) {
		n := b.nodes[cycle.Path[0]]
		place, ok := n.places[read{readModel, cycle.Path[1]}]
		if !ok {
			place = n.places[read{readBefore, cycle.Path[1]}]
		}
		b.fault(at(n.model.Path, n.text, place, "break the cycle: let one of them read what the other reads", "%v", cycle))
		for _, name := range cycle.Path {
			b.nodes[name].broken = true
		}
		graph[cycle.Path[0]] = nil
		order, err = graph.Order()
	}
	b.order = b.order[:0]
	for i, name := range order {
		n := b.nodes[name]
		n.level = i
		b.order = append(b.order, n)
		b.derive(n)
	}
}

// derive collects the sources and meta tables of a node whose reads have theirs.
func (b *binder) derive(n *node) {
	srcs, meta := map[string]bool{}, map[string]bool{}
	for _, r := range n.reads {
		switch r.kind {
		case readRaw:
			srcs[r.name] = true
		case readMeta:
			meta[r.name] = true
		case readModel, readBefore, readYear:
			of := b.node(r.name)
			for _, s := range of.sources {
				srcs[s] = true
			}
			for _, m := range of.meta {
				meta[m] = true
			}
		case readRef:
		}
	}
	n.sources, n.meta = slices.Sorted(maps.Keys(srcs)), slices.Sorted(maps.Keys(meta))
	n.peildata = n.sources
	if n.model != nil && len(n.model.Peildata) > 0 {
		n.peildata = slices.Sorted(slices.Values(n.model.Peildata))
	}
	b.rest(n)
}

// rest works out what the fingerprint of a stand is over.
func (b *binder) rest(n *node) {
	parts := []string{n.name, n.definition()}
	seen := map[string]bool{}
	add := func(in input) {
		key := fmt.Sprint(in.source, in.year)
		for _, v := range in.via {
			key += " " + v.name
		}
		if !seen[key] {
			seen[key] = true
			n.inputs = append(n.inputs, in)
		}
	}
	for _, r := range n.reads {
		parts = append(parts, fmt.Sprint(r.kind), r.name)
		switch r.kind {
		case readRaw:
			parts = append(parts, fmt.Sprint(rawColumns(b.Contract(r.name))))
			add(input{source: r.name})
		case readRef:
			parts = append(parts, b.reference(r.name).Fingerprint())
		case readModel:
			of := b.node(r.name)
			parts = append(parts, of.closure)
			for _, in := range of.inputs {
				add(in)
			}
		case readBefore, readYear:
			of := b.node(r.name)
			parts = append(parts, of.closure)
			for _, in := range of.inputs {
				add(input{source: in.source, via: append([]*node{n}, in.via...), year: r.kind == readYear})
			}
		case readMeta:
		}
	}
	n.closure = digest(parts...)
}
