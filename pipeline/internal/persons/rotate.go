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

// nextKey returns the path of a new key until the switch, beside the key file that it replaces.
func nextKey(file string) string { return file + ".next" }

// Rotated is the result of a key rotation.
type Rotated struct {
	From    string `json:"from"` // fingerprint
	To      string `json:"to"`   // fingerprint
	KeyFile string `json:"key_file"`
	Loads   int    `json:"loads"` // deliveries whose rows got new pseudonyms
}

// Rotate adds a secret to the key, and replaces every pseudonym in all stored data by the one that follows
// from it. It needs no BSN. It removes results, which the next run computes again. If it is interrupted
// before its switch, nothing has changed; after the switch, the next command that writes finishes it.
func Rotate(ctx context.Context, o intake.Scope, site *publish.Site, who, reason string) (done *Rotated, err error) {
	o.Who = who
	if err := datadir.CheckDecision(who, reason); err != nil {
		return nil, err
	}
	b, release, err := lockForRewrite(ctx, o, site, "inbeeld key rotate")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	file, err := filepath.EvalSymlinks(lake.KeyPath(o.Path, o.KeyFile))
	if errors.Is(err, fs.ErrNotExist) && len(b.Loads) == 0 {
		return nil, usage.Errorf("there is no key in %s yet; the first run makes one", lake.KeyPath(o.Path, o.KeyFile))
	}
	if err != nil {
		return nil, usage.Errorf("the pseudonym key cannot be read: %v", err)
	}
	if file, err = filepath.Abs(file); err != nil { // another command, in another working directory, may finish it
		return nil, err
	}
	old, err := lake.OpenKey(o.Path, file, b.Loads)
	if err != nil {
		return nil, err
	}
	key, err := old.Rotated(rand.Reader)
	if err != nil {
		return nil, err
	}
	w := &rewrite{Kind: datadir.Rotation, KeyFile: file, Key: key.Fingerprint()}
	done = &Rotated{From: old.Fingerprint(), To: key.Fingerprint(), KeyFile: file, Loads: len(b.Loads)}
	return done, w.carryOut(ctx, b, site, key, reason, map[string]int64{"deliveries": int64(len(b.Loads))})
}

// replaceKey replaces the key file by the new key.
func (w *rewrite) replaceKey() error {
	if w.Kind != datadir.Rotation {
		return nil
	}
	next := nextKey(w.KeyFile)
	if _, err := os.Stat(next); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return durable.Rename(next, w.KeyFile)
}
