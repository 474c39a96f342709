package pull

import (
	"context"
	"slices"
	"sync"
)

// MaxParallelPlaces is how many places are busy side by side, so that one which hangs costs the others
// nothing. What one place offers comes one after the other.
const MaxParallelPlaces = 4

// inParallel does something for each place.
func inParallel(places []*visit, do func(*visit)) {
	turns := make(chan struct{}, MaxParallelPlaces)
	var busy sync.WaitGroup
	for _, p := range places {
		turns <- struct{}{}
		busy.Go(func() {
			do(p)
			<-turns
		})
	}
	busy.Wait()
}

// fetched is a file on its way into place, or why it is not.
type fetched struct {
	extract *extract
	err     error
}

// fetchAhead begins to fetch what lies at other places than this machine, so that each place has its
// files ready when their turn to land comes. The order in which files land is not that in which they
// come. end stops it, and removes what nobody took.
func (p *pull) fetchAhead(ctx context.Context, places []*visit) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	places = slices.DeleteFunc(slices.Clone(places), func(p *visit) bool { return !p.from.Remote() || len(p.candidates) == 0 })
	for _, at := range places {
		at.arrivals = make(chan fetched, len(at.candidates))
	}
	var all sync.WaitGroup
	all.Go(func() {
		inParallel(places, func(at *visit) {
			for _, c := range inOrder([]*visit{at}) {
				e, err := p.fetch(ctx, c)
				at.arrivals <- fetched{e, err}
			}
			close(at.arrivals)
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

// nextFetched gives a file when its turn to land has come, which is the order in which its place fetches: of
// another machine what was fetched ahead, of this one what is copied now.
func (p *pull) nextFetched(ctx context.Context, c candidate) (*extract, error) {
	if c.place.arrivals == nil {
		return p.fetch(ctx, c)
	}
	a := <-c.place.arrivals
	return a.extract, a.err
}
