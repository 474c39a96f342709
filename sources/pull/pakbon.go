package pull

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// pairPakbonnen separates the pakbonnen from a list of files, and returns them by the name of their file. A
// pakbon without its file stays in the list, as ignored.
func pairPakbonnen(found []place.Found) (files []place.Found, pakbonnen map[string]place.Found) {
	pakbonnen = map[string]place.Found{}
	for _, f := range found {
		of, ok := delivery.PakbonOf(f.Name)
		switch {
		case !ok || f.Ignored != "":
			files = append(files, f)
		case !slices.ContainsFunc(found, func(g place.Found) bool { return g.Name == of && g.Ignored == "" }):
			f.Ignored = place.LonePakbon
			files = append(files, f)
		default:
			pakbonnen[of] = f
		}
	}
	return files, pakbonnen
}

// readPakbon reads the pakbon of a candidate. It returns nil if there is none.
func (c candidate) readPakbon(ctx context.Context) (*delivery.Pakbon, error) {
	if c.pakbon.Name == "" {
		return nil, nil
	}
	if c.pakbon.Size > delivery.MaxPakbonSize {
		return &delivery.Pakbon{Onleesbaar: true}, nil
	}
	in, err := c.place.connector.Open(ctx, c.pakbon, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	data, err := io.ReadAll(io.LimitReader(in, delivery.MaxPakbonSize+1))
	if err != nil {
		return nil, fmt.Errorf("read pakbon: %w", err)
	}
	return delivery.ParsePakbon(c.pakbon.Name, data), nil
}

// waitForPakbon removes the candidates that wait for a pakbon, and adds them to res.
func waitForPakbon(candidates []candidate, now time.Time, res *Result) []candidate {
	return slices.DeleteFunc(candidates, func(c candidate) bool {
		waits := c.pakbon.Name == "" && delivery.WaitsForPakbon(c.contract, c.found.Modified, now)
		if waits {
			res.Growing = append(res.Growing, Left{Source: c.contract.Name, Dir: c.place.dir, File: c.found.Name, Reason: place.NoPakbon})
		}
		return waits
	})
}
