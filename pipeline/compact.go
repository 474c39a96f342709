package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/parallel"
)

// compact makes one file of the results of each closed year, so that a later night reads years
// instead of nights.
func (c *Engine) compact(ctx context.Context, counts map[string]int64) error {
	var tasks []*parallel.Task
	var mu sync.Mutex
	for _, n := range append(slices.Clone(c.Graph.Order), c.Graph.Checks...) {
		if n.Per != graph.PerPeildatum || c.ground.all[n.Name] == nil {
			continue
		}
		years := byYear(c.ground.stands(n))
		for _, dates := range years[:max(0, len(years)-1)] {
			if path := c.ground.shelf(n).bundles[bundleKey(dates[0][:4], c.ground.yearPrint(n, dates))]; path != "" && !c.ground.fresh {
				if _, err := os.Stat(bundleOf(path)); errors.Is(err, fs.ErrNotExist) {
					if err := c.ground.writeList(n, dates); err != nil {
						return err
					}
					c.note("de lijst bij een bewaard jaar ontbrak en is opnieuw gemaakt: %s", path)
				}
				continue
			}
			tasks = append(tasks, &parallel.Task{Name: n.Name, Run: func(ctx context.Context, worker int) error {
				made, err := c.workers[worker].bundle(ctx, n, dates, c.Work)
				c.wrote("stand", made...)
				mu.Lock()
				defer mu.Unlock()
				for _, path := range made {
					c.ground.marked[path] = true
				}
				for _, p := range dates {
					c.ground.step(n, p).at = kept{}
				}
				return err
			}})
		}
	}
	counts["bundles"] = int64(len(tasks))
	return parallel.Run(ctx, len(c.workers), tasks)
}

// unreadable are the bundles found tonight in which nothing can be found, each once.
func (g *ground) unreadable() []string {
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(g.shelfs)) {
		paths = append(paths, g.shelfs[name].broken...)
		g.shelfs[name].broken = nil
	}
	return paths
}

// sweep removes results that nothing in force rests on.
func (g *ground) sweep(data string) error {
	for _, s := range g.order {
		g.marked[s.at.path] = true
		if s.at.peildatum != "" { // inside a bundle
			g.marked[bundleOf(s.at.path)] = true
		}
	}
	root := filepath.Join(data, "stand")
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("sweep kept results: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			if e.Name() != memoryName {
				if err := os.Remove(filepath.Join(root, e.Name())); err != nil {
					return fmt.Errorf("sweep kept results: %w", err)
				}
			}
			continue
		}
		s := &shelf{dir: filepath.Join(root, e.Name())}
		if err := s.sweep(g.marked); err != nil {
			return fmt.Errorf("sweep kept results: %w", err)
		}
	}
	return nil
}
