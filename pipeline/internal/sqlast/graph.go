package sqlast

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Graph maps each node to the nodes that it reads.
type Graph map[string][]string

// A CycleError is a path of nodes that read each other; its first node is also its last.
type CycleError struct{ Path []string }

func (e *CycleError) Error() string {
	return fmt.Sprintf("models form a cycle: %s", strings.Join(e.Path, " → "))
}

// Order returns the nodes so that each comes after all nodes that it reads, and otherwise by name. It
// ignores names that are not nodes.
func (g Graph) Order() ([]string, error) {
	const (
		unseen = iota
		open
		done
	)
	state := map[string]int{}
	var order, path []string
	var visit func(string) error
	visit = func(name string) error {
		switch state[name] {
		case done:
			return nil
		case open:
			from := slices.Index(path, name)
			return &CycleError{Path: append(slices.Clone(path[from:]), name)}
		}
		state[name] = open
		path = append(path, name)
		for _, dep := range slices.Sorted(slices.Values(g[name])) {
			if _, ok := g[dep]; ok {
				if err := visit(dep); err != nil {
					return err
				}
			}
		}
		path = path[:len(path)-1]
		state[name] = done
		order = append(order, name)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(g)) {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return order, nil
}
