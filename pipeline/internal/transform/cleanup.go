package transform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/project"
)

// compact bundles the results of each closed year, so that later runs read one file per year instead
// of one per peildatum.
func (e *Engine) compact(ctx context.Context, counts map[string]int64) error {
	var tasks []*parallel.Task
	var mu sync.Mutex
	for _, n := range append(slices.Clone(e.Graph.Order), e.Graph.Checks...) {
		if n.Per != graph.PerPeildatum || e.Resolver.All[n.Name] == nil {
			continue
		}
		years := byYear(e.Resolver.Stands(n))
		for _, dates := range years[:max(0, len(years)-1)] {
			if path := e.Resolver.Store(n).Bundles[bundleKey(dates[0][:4], e.Resolver.yearFingerprint(n, dates))]; path != "" && !e.Resolver.Fresh {
				if _, err := os.Stat(listOfBundle(path)); errors.Is(err, fs.ErrNotExist) {
					if err := e.Resolver.writeList(n, dates); err != nil {
						return err
					}
					e.Note("de lijst bij een bewaard jaar ontbrak en is opnieuw gemaakt: %s", path)
				}
				continue
			}
			tasks = append(tasks, &parallel.Task{Name: n.Name, Run: func(ctx context.Context, i int) error {
				made, err := e.workers[i].bundle(ctx, n, dates, e.Work)
				e.Wrote("stand", made...)
				mu.Lock()
				defer mu.Unlock()
				for _, path := range made {
					e.Resolver.inUse[path] = true
				}
				for _, p := range dates {
					e.Resolver.step(n, p).At = location{}
				}
				return err
			}})
		}
	}
	counts["bundles"] = int64(len(tasks))
	return parallel.Run(ctx, len(e.workers), tasks)
}

// unreadable returns the bundles found in this run whose list cannot be read, each once.
func (r *Resolver) unreadable() []string {
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(r.stores)) {
		paths = append(paths, r.stores[name].broken...)
		r.stores[name].broken = nil
	}
	return paths
}

// sweep removes the results that this publication does not use.
func (r *Resolver) sweep(data string) error {
	for _, s := range r.Order {
		r.inUse[s.At.path] = true
		if s.At.peildatum != "" { // inside a bundle
			r.inUse[listOfBundle(s.At.path)] = true
		}
	}
	root := filepath.Join(data, "stand")
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("sweep stored results: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			if e.Name() != memoryName {
				if err := os.Remove(filepath.Join(root, e.Name())); err != nil {
					return fmt.Errorf("sweep stored results: %w", err)
				}
			}
			continue
		}
		s := &ResultStore{Dir: filepath.Join(root, e.Name())}
		if err := s.sweep(r.inUse); err != nil {
			return fmt.Errorf("sweep stored results: %w", err)
		}
	}
	return nil
}

// A Memory records what the last publication was computed with. A plan compares with it to tell why a
// step must be computed.
type Memory struct {
	Project string                 `json:"project"`
	Program string                 `json:"program"`
	Queries map[string]queryMemory `json:"queries"`
}

type queryMemory struct {
	Text    string `json:"text"`    // fingerprint of the SELECT
	Closure string `json:"closure"` // fingerprint of the SELECT with all queries below it
	Refs    string `json:"refs"`    // fingerprint of the reference tables that it reads
}

// memoryName is the only file in stand/ that is not a result.
const memoryName = "memory.json"

func memoryPath(data string) string { return filepath.Join(data, "stand", memoryName) }

// ReadMemory reads the memory of a data directory. A missing or damaged one is empty.
func ReadMemory(data string) Memory {
	var m Memory
	text, err := os.ReadFile(memoryPath(data))
	if err == nil && json.Unmarshal(text, &m) != nil {
		m = Memory{}
	}
	return m
}

// WasBound reports whether this program published this project last, so that its SQL is known to bind.
func WasBound(data string, p *project.Project) bool {
	m := ReadMemory(data)
	return m.Project == p.Fingerprint && m.Program == fingerprint.Program
}

// writeMemory records what this publication was computed with.
func (e *Engine) writeMemory() error {
	m := Memory{Project: e.Book.Project.Fingerprint, Program: fingerprint.Program, Queries: map[string]queryMemory{}}
	for _, n := range append(slices.Clone(e.Graph.Order), e.Graph.Checks...) {
		m.Queries[n.Name] = queryMemory{Text: n.Definition(), Closure: n.Closure, Refs: e.Graph.ReferenceFingerprint(n)}
	}
	return durable.WriteJSON(memoryPath(e.Path), m)
}
