package pull

import (
	"context"
	"errors"
	"fmt"

	"inbeeld/sources/place"
)

// remove takes out what was received.
func (p *pull) remove(ctx context.Context, c candidate, res *Result) error {
	err := p.RetryIdle(ctx, c.place.from.Timeout, func(ctx context.Context, _ func()) error {
		if c.pakbon.Name != "" { // before its file: a pakbon that stays behind alone would be a riddle
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
		return fmt.Errorf("the file was received, but stays where it is: %w; remove it, and let the program remove files there", err)
	}
	return nil
}

// archive moves what was accepted since to the archives of the places that have one. After a crash
// the file is still listed, and moved by the next pull.
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
