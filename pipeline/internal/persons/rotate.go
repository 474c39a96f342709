package persons

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// nextKey is where a new key waits for its place, beside the one that it replaces.
func nextKey(file string) string { return file + ".next" }

// Rotated is what a rotation of the key did.
type Rotated struct {
	From    string `json:"from"` // fingerprint
	To      string `json:"to"`   // fingerprint
	KeyFile string `json:"key_file"`
	Loads   int    `json:"loads"` // deliveries whose rows got other pseudonyms
}

// Rotate adds a secret to the key, and gives everybody in all that is kept the pseudonym that follows
// from it, without any BSN. Results are removed, and computed again by the next run. One that is cut
// short before its switch leaves everything as it was; after it, the next command that writes finishes it.
func Rotate(ctx context.Context, o intake.Scope, site *publish.Site, who, reason string) (done *Rotated, err error) {
	o.Who = who
	if err := datadir.CheckDecision(who, reason); err != nil {
		return nil, err
	}
	r, release, err := holdProject(ctx, o, site, "inbeeld key rotate")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	file, err := filepath.EvalSymlinks(lake.KeyPath(o.Path, o.KeyFile))
	if errors.Is(err, fs.ErrNotExist) && len(r.Loads) == 0 {
		return nil, usage.Errorf("there is no key in %s yet; the first run makes one", lake.KeyPath(o.Path, o.KeyFile))
	}
	if err != nil {
		return nil, usage.Errorf("the pseudonym key cannot be read: %v", err)
	}
	if file, err = filepath.Abs(file); err != nil { // it is finished from anywhere
		return nil, err
	}
	old, err := lake.OpenKey(o.Path, file, r.Loads)
	if err != nil {
		return nil, err
	}
	key, err := old.Rotated(rand.Reader)
	if err != nil {
		return nil, err
	}
	w := &rewrite{Kind: datadir.Rotation, KeyFile: file, Key: key.Fingerprint()}
	done = &Rotated{From: old.Fingerprint(), To: key.Fingerprint(), KeyFile: file, Loads: len(r.Loads)}
	logged := func() error {
		return datadir.Record(o.Dir, "key rotate", reason, map[string]int64{"deliveries": int64(len(r.Loads))})
	}
	if err := prepare(site, ctx, r.Project, w, key, logged); err != nil {
		return nil, err
	}
	return done, carryOut(site, ctx, w)
}

// placeKey puts the new key in its place.
func (w *rewrite) placeKey() error {
	if w.Kind != datadir.Rotation {
		return nil
	}
	next := nextKey(w.KeyFile)
	if _, err := os.Stat(next); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return durable.Rename(next, w.KeyFile)
}

// holdProject takes the lock and reads what is there, for a command that changes whose rows are whose.
// What people read must be whole: half of it could not be rewritten.
func holdProject(ctx context.Context, o intake.Scope, site *publish.Site, what string) (*intake.Book, func() error, error) {
	release, err := Hold(ctx, site, what)
	if err != nil {
		return nil, nil, err
	}
	b, err := o.Open()
	if err == nil {
		err = wholeMarts(site)
	}
	if err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return b, release, nil
}
