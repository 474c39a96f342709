package pull

import (
	"context"
	"errors"
	"fmt"

	"inbeeld/sources/place"
)

// remove removes a received file from its place.
func (p *pull) remove(ctx context.Context, c candidate, res *Result) error {
	err := p.RetryIdle(ctx, c.place.from.Timeout, func(ctx context.Context, _ func()) error {
		if c.pakbon.Name != "" { // before its file, since a pakbon without one would be reported
			if err := c.place.connector.Remove(ctx, c.pakbon); err != nil {
				return err
			}
		}
		return c.place.connector.Remove(ctx, c.found)
	})
	if errors.Is(err, place.ErrChanged) {
		res.addGrowing(c)
		return nil
	}
	if err != nil {
		return fmt.Errorf("the file was received, but could not be removed: %w; remove it, and allow the program to remove files there", err)
	}
	return nil
}

// archive moves files that have been accepted to the archive of their place, if it has one. After a crash,
// the next pull does so.
func (p *pull) archive(ctx context.Context, places []*visit, res *Result) {
	inParallel(places, func(at *visit) {
		at.seen = Result{}
		for _, c := range at.received {
			id, _ := p.receivedAs(c)
			if at.from.Archive == "" || p.Accepted == nil || !p.Accepted(c.contract.Name, id) {
				continue
			}
			if err := p.remove(ctx, c, &at.seen); err != nil {
				at.seen.addFailed(c, err)
			}
		}
	})
	moved := gather(places)
	res.Growing, res.Failed = append(res.Growing, moved.Growing...), append(res.Failed, moved.Failed...)
}
