// Package parallel runs tasks that depend on each other, several at a time.
package parallel

import (
	"context"
	"errors"
	"sync"
)

// A Task is a piece of work that may depend on other tasks.
type Task struct {
	Name  string
	Run   func(ctx context.Context, worker int) error
	After []*Task // tasks that must finish before this one starts

	waiting int
	next    []*Task
}

// Run runs each task once, with at most the given number of workers. Tasks start in the order given, each
// when its dependencies are done. The first error cancels the running tasks and is returned.
func Run(ctx context.Context, workers int, tasks []*Task) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ready := make(chan *Task, len(tasks))
	var mu sync.Mutex
	left := len(tasks)
	for _, t := range tasks {
		t.waiting, t.next = len(t.After), nil
	}
	for _, t := range tasks {
		for _, w := range t.After {
			w.next = append(w.next, t)
		}
		if t.waiting == 0 {
			ready <- t
		}
	}
	if left == 0 {
		close(ready)
	}
	done := func(t *Task) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range t.next {
			if n.waiting--; n.waiting == 0 {
				ready <- n
			}
		}
		if left--; left == 0 {
			close(ready)
		}
	}
	var wg sync.WaitGroup
	for worker := range min(workers, max(len(tasks), 1)) {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case t, ok := <-ready:
					if !ok || ctx.Err() != nil {
						return
					}
					if err := t.Run(ctx, worker); err != nil {
						cancel(err)
						return
					}
					done(t)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if left > 0 {
		return errors.New("tasks depend on each other in a cycle")
	}
	return nil
}
