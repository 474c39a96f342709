package parallel

import (
	"context"
	"errors"
	"sync"
)

// A task is a piece of work that waits for others.
type Task struct {
	Name string
	Run  func(ctx context.Context, worker int) error
	Wait []*Task // done before this one starts

	waiting int
	next    []*Task
}

// runTasks runs each task once, up to workers side by side, each after those it waits for, and else in
// the order given. The first error cancels the tasks under way and is given; no new ones start.
func Run(ctx context.Context, workers int, tasks []*Task) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ready := make(chan *Task, len(tasks))
	var mu sync.Mutex
	left := len(tasks)
	for _, t := range tasks {
		t.waiting, t.next = len(t.Wait), nil
	}
	for _, t := range tasks {
		for _, w := range t.Wait {
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
					if !ok {
						return
					}
					if ctx.Err() != nil {
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
		return errors.New("tasks wait for each other")
	}
	return nil
}
