package persons

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// A rewrite gives persons other ids in all that is kept: a rotation of the key to everybody, an erasure
// to one. It is also its own journal, secrets/rewrite.json, from its first change until its last.
//
// Until Switched, all that it makes lies aside: a crash before leaves nothing changed, and the next
// command that writes throws it away. From Switched on every step can be done again, and the next such
// command does them all. No BSN stands in it.
type rewrite struct {
	Kind     string `json:"kind"`
	Switched bool   `json:"switched"`
	// Columns are those that hold ids in the lake, by source.
	Columns map[string][]string `json:"columns"`
	// KeyFile is the key that a rotation replaces, and Key the fingerprint of the new one.
	KeyFile string `json:"key_file,omitempty"`
	Key     string `json:"key,omitempty"`
	// Person is the id that an erasure takes away, and Secret, in hexadecimal digits, makes of it, and of
	// what else names rows of this person, what stands there afterwards. It is kept nowhere else.
	Person string `json:"person,omitempty"`
	Secret string `json:"secret,omitempty"`
	// Values are the keys by which rows of the person were known, with the columns that held them.
	Values map[string][]string `json:"values,omitempty"`
	// unread are columns by source that an erasure empties, see unreadColumns; nothing is left to do with
	// them behind the switch.
	unread map[string][]string
	// Originals are the files to be removed, relative to the data directory.
	Originals []string `json:"originals,omitempty"`
}

func lakeNext(data string) string { return filepath.Join(data, "lake.next") }

func lakeOld(data string) string { return filepath.Join(data, "lake.old") }

// readRewrite reads the journal, nil when nothing is being rewritten.
func readRewrite(data string) (*rewrite, error) {
	text, err := os.ReadFile(datadir.RewritePath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is being rewritten: %w", err)
	}
	var w rewrite
	if err := json.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf("read what is being rewritten: %s is damaged; restore the data directory from a backup", datadir.RewritePath(data))
	}
	return &w, nil
}

func (w *rewrite) write(data string) error {
	text, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(datadir.RewritePath(data), append(text, '\n'), 0o600)
}

func (w *rewrite) name() string { return datadir.RewriteName(w.Kind) }

// finishRewrite does what a rewrite that was cut short left to do, or throws away what it had made. The
// caller holds the lock.
func Finish(r *publish.Site, ctx context.Context) error {
	w, err := readRewrite(r.Path)
	if err != nil || w == nil {
		return err
	}
	if !w.Switched {
		return discard(r, w)
	}
	r.Log.Warn().Str("what", w.name()).Msg("was cut short; it is finished first")
	return carryOut(r, ctx, w)
}

func discard(r *publish.Site, w *rewrite) error {
	err := errors.Join(os.RemoveAll(lakeNext(r.Path)), os.RemoveAll(rewriteWork(r)))
	if w.KeyFile != "" {
		err = errors.Join(err, durable.RemoveIfExists(nextKey(w.KeyFile)))
	}
	if err == nil {
		err = w.forget(r.Path)
	}
	if err != nil {
		return fmt.Errorf("throw away a %s that was cut short: %w", w.name(), err)
	}
	return nil
}

func (w *rewrite) forget(data string) error {
	return errors.Join(durable.RemoveIfExists(datadir.RewritePath(data)), durable.SyncDir(filepath.Join(data, "secrets")))
}

func rewriteWork(r *publish.Site) string { return filepath.Join(r.Path, "work", "rewrite") }

// prepare makes the new lake aside and, when it is whole, switches. An error before that leaves nothing.
// follow makes the new ids. logged is told when all is made, and may still stop it.
func prepare(r *publish.Site, ctx context.Context, p *project.Project, w *rewrite, follow *pseudonym.Key, logged func() error) (err error) {
	if err := os.RemoveAll(lakeOld(r.Path)); err != nil {
		return err
	}
	if err := w.write(r.Path); err != nil {
		return err
	}
	r.At("rewrite begun")
	defer func() {
		if err != nil && !w.Switched {
			err = errors.Join(err, discard(r, w))
		}
	}()
	if w.Kind == datadir.Rotation {
		if err := follow.Write(nextKey(w.KeyFile)); err != nil {
			return usage.Errorf("%v; while it is rotated, the key must be in a folder that inbeeld may write to", err)
		}
	}
	if err := inDatabase(r, ctx, func(s *duck.Session) error { return makeLake(r, ctx, p, s, w, follow) }); err != nil {
		return err
	}
	r.At("rewrite made")
	if err := logged(); err != nil {
		return err
	}
	w.Switched = true
	if err := w.write(r.Path); err != nil {
		w.Switched = false
		return err
	}
	r.At("rewrite switched")
	return nil
}

// follow is what makes the new ids.
func (w *rewrite) follow() (*pseudonym.Key, error) {
	if w.Kind == datadir.Rotation {
		key, err := pseudonym.ReadKey(nextKey(w.KeyFile))
		if errors.Is(err, fs.ErrNotExist) {
			key, err = pseudonym.ReadKey(w.KeyFile)
		}
		if err == nil && key.Fingerprint() != w.Key {
			err = fmt.Errorf("the key %s in %s is not %s, to which the key is being rotated; put that key back", key.Fingerprint(), w.KeyFile, w.Key)
		}
		return key, err
	}
	secret, err := hex.DecodeString(w.Secret)
	if err != nil {
		return nil, errors.New("the journal of persoon wis is damaged")
	}
	return pseudonym.NewKey(secret)
}

// carryOut does all that comes behind the switch. Every step may be done again. Cancelling does not stop
// it: half of it is of no use to anybody.
func carryOut(r *publish.Site, ctx context.Context, w *rewrite) error {
	ctx = context.WithoutCancel(ctx)
	follow, err := w.follow()
	if err != nil {
		return err
	}
	steps := []struct {
		Name string
		Do   func(*rewriter) error
	}{
		{"lake", func(*rewriter) error { return placeLake(r) }},
		{"key", func(*rewriter) error { return w.placeKey() }},
		{"originals", func(*rewriter) error { return removeOriginals(r, w) }},
		{"results", func(*rewriter) error { return removeResults(r) }},
		{"versions", func(x *rewriter) error { return x.versions(ctx) }},
		{"texts", func(x *rewriter) error { return x.texts() }},
		{"warehouse", func(*rewriter) error { return bareWarehouse(r, ctx) }},
		{"old lake", func(*rewriter) error { return errors.Join(os.RemoveAll(lakeOld(r.Path)), durable.SyncDir(r.Path)) }},
		{"end", func(*rewriter) error {
			return errors.Join(os.RemoveAll(filepath.Join(r.Path, "work")), w.forget(r.Path))
		}},
	}
	err = inDatabase(r, ctx, func(s *duck.Session) error {
		x := &rewriter{Site: r, rewrite: w, key: follow, session: s, made: map[string]*mart.File{}}
		for i, step := range steps {
			if i == 1 { // the old lake, which says who is to have another id, has its place now
				if err := x.learn(ctx); err != nil {
					return err
				}
			}
			if err := step.Do(x); err != nil {
				return err
			}
			r.At("rewrite " + step.Name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w; mend that and finish it with: inbeeld run", w.name(), err)
	}
	return nil
}

// inDatabase opens a session for a rewrite.
func inDatabase(r *publish.Site, ctx context.Context, do func(*duck.Session) error) (err error) {
	work := rewriteWork(r)
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	db, err := duck.Open(ctx, duck.Settings{MemoryLimit: cmp.Or(r.MemoryLimit, "2GB"), Threads: 1, TempDir: filepath.Join(work, "spill")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return do(session)
}
