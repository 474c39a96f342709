package pull

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// MaxParallelPlaces is the maximum number of places that are read in parallel, so that one that hangs does not
// delay the others. The files of one place are read one by one.
const MaxParallelPlaces = 4

// inParallel calls do for each place.
func inParallel(places []*visit, do func(*visit)) {
	slots := make(chan struct{}, MaxParallelPlaces)
	var group sync.WaitGroup
	for _, p := range places {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			do(p)
		})
	}
	group.Wait()
}

// fetched is the result of fetching a file.
type fetched struct {
	extract *extract
	err     error
}

// fetchAhead starts fetching the files of remote places, so that they are ready when it is their turn to land.
// Files land in another order than they arrive. end stops it, and removes the files that did not land.
func (p *pull) fetchAhead(ctx context.Context, places []*visit) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	places = slices.DeleteFunc(slices.Clone(places), func(p *visit) bool { return !p.from.Remote() || len(p.candidates) == 0 })
	for _, at := range places {
		at.arrivals = make(chan fetched, len(at.candidates))
	}
	var all sync.WaitGroup
	all.Go(func() {
		inParallel(places, func(at *visit) {
			defer close(at.arrivals)
			for _, c := range inOrder([]*visit{at}) {
				e, err := p.fetch(ctx, c)
				at.arrivals <- fetched{e, err}
			}
		})
	})
	return func() {
		cancel()
		all.Wait()
		for _, at := range places {
			for a := range at.arrivals {
				if a.extract != nil {
					a.extract.discard()
				}
			}
		}
	}
}

// nextFetched returns the file of a candidate: of a remote place the next one fetched ahead, which is in the same
// order, and of a folder on this machine a new copy.
func (p *pull) nextFetched(ctx context.Context, c candidate) (*extract, error) {
	if c.place.arrivals == nil {
		return p.fetch(ctx, c)
	}
	a, ok := <-c.place.arrivals
	if !ok {
		return nil, errors.New("fetching ended before this file")
	}
	return a.extract, a.err
}
