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
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// A rewrite replaces ids in all stored data: a rotation of the key those of everybody, an erasure that of
// one person. It is also its own journal, and contains no BSN.
//
// Until Switched, its output is separate: after a crash nothing has changed, and the next command that
// writes discards the output. After Switched every step can be repeated, and that command runs them all.
type rewrite struct {
	Kind     string `json:"kind"`
	Switched bool   `json:"switched"`
	// Columns are the columns of the lake that contain ids, by source.
	Columns map[string][]string `json:"columns"`
	// KeyFile is the key that a rotation replaces, and Key the fingerprint of the new one.
	KeyFile string `json:"key_file,omitempty"`
	Key     string `json:"key,omitempty"`
	// Person is the id that an erasure removes. Secret, in hexadecimal digits, makes the values that replace
	// it and the keys of the person's rows. It is stored nowhere else.
	Person string `json:"person,omitempty"`
	Secret string `json:"secret,omitempty"`
	// Values are the keys of the person's rows, with the columns that contained them.
	Values map[string][]string `json:"values,omitempty"`
	// unused are the columns, by source, that an erasure empties before the switch.
	unused map[string][]string
	// Originals are the files to remove, relative to the data directory.
	Originals []string `json:"originals,omitempty"`
}

func lakeDir(data string) string { return filepath.Join(data, "lake") }
func newLake(data string) string { return filepath.Join(data, "lake.next") }
func oldLake(data string) string { return filepath.Join(data, "lake.old") }

func workDir(site *publish.Site) string { return filepath.Join(site.Path, "work", "rewrite") }

// readRewrite reads the journal. It returns nil if no rewrite is in progress.
func readRewrite(data string) (*rewrite, error) {
	text, err := os.ReadFile(datadir.RewritePath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal of a rewrite: %w", err)
	}
	var w rewrite
	if err := json.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf("read the journal of a rewrite: %s is damaged; restore the data directory from a backup", datadir.RewritePath(data))
	}
	return &w, nil
}

func (w *rewrite) write(data string) error {
	return durable.WriteJSON(datadir.RewritePath(data), w)
}

// remove removes the journal.
func (w *rewrite) remove(data string) error {
	return errors.Join(durable.RemoveIfExists(datadir.RewritePath(data)), durable.SyncDir(filepath.Join(data, "secrets")))
}

func (w *rewrite) name() string { return datadir.RewriteCommand(w.Kind) }

// Finish finishes an interrupted rewrite, or discards its output if it had not switched. The caller holds
// the lock.
func Finish(ctx context.Context, site *publish.Site) error {
	w, err := readRewrite(site.Path)
	if err != nil || w == nil {
		return err
	}
	if !w.Switched {
		return discard(site, w)
	}
	site.Log.Warn().Str("what", w.name()).Msg("was interrupted; finishing it first")
	return apply(ctx, site, w)
}

func discard(site *publish.Site, w *rewrite) error {
	err := errors.Join(os.RemoveAll(newLake(site.Path)), os.RemoveAll(workDir(site)))
	if w.KeyFile != "" {
		err = errors.Join(err, durable.RemoveIfExists(nextKey(w.KeyFile)))
	}
	if err == nil {
		err = w.remove(site.Path)
	}
	if err != nil {
		return fmt.Errorf("discard an interrupted %s: %w", w.name(), err)
	}
	return nil
}

// carryOut writes the new lake beside the old one, with ids from key, switches when it is complete, and
// applies the rewrite. It adds the rewrite to the processing log just before the switch. After an error
// before the switch it removes what it wrote.
func (w *rewrite) carryOut(
	ctx context.Context, b *intake.Book, site *publish.Site, key *pseudonym.Key, reason string, counts map[string]int64,
) (err error) {
	if err := os.RemoveAll(oldLake(site.Path)); err != nil {
		return err
	}
	if err := w.write(site.Path); err != nil {
		return err
	}
	site.Checkpoint("rewrite begun")
	defer func() {
		if err != nil && !w.Switched {
			err = errors.Join(err, discard(site, w))
		}
	}()
	if w.Kind == datadir.Rotation {
		if err := key.Write(nextKey(w.KeyFile)); err != nil {
			return usage.Errorf("%v; during a rotation the key must be in a folder that inbeeld may write to", err)
		}
	}
	if err := inDatabase(ctx, site, func(s *duck.Session) error {
		return (&lakeWriter{Site: site, project: b.Project, session: s, rewrite: w}).write(ctx, key)
	}); err != nil {
		return err
	}
	site.Checkpoint("rewrite made")
	if err := datadir.Record(b.Dir, w.name(), reason, counts); err != nil {
		return err
	}
	w.Switched = true
	if err := w.write(site.Path); err != nil {
		w.Switched = false
		return err
	}
	site.Checkpoint("rewrite switched")
	return apply(ctx, site, w)
}

// key returns the key that makes the new ids.
func (w *rewrite) key() (*pseudonym.Key, error) {
	if w.Kind == datadir.Rotation {
		key, err := pseudonym.ReadKey(nextKey(w.KeyFile))
		if errors.Is(err, fs.ErrNotExist) {
			key, err = pseudonym.ReadKey(w.KeyFile)
		}
		if err == nil && key.Fingerprint() != w.Key {
			err = fmt.Errorf("the key in %s is %s, but this rotation made %s; restore that key", w.KeyFile, key.Fingerprint(), w.Key)
		}
		return key, err
	}
	secret, err := hex.DecodeString(w.Secret)
	if err != nil {
		return nil, errors.New("the journal of persoon wis is damaged")
	}
	return pseudonym.NewKey(secret)
}

// apply runs the steps after the switch. Each can be repeated. Cancelling does not stop it: a rewrite that
// is half done is of no use.
func apply(ctx context.Context, site *publish.Site, w *rewrite) error {
	ctx = context.WithoutCancel(ctx)
	key, err := w.key()
	if err != nil {
		return err
	}
	err = inDatabase(ctx, site, func(s *duck.Session) error {
		x := &rewriter{Site: site, rewrite: w, key: key, session: s, rewritten: map[string]*mart.File{}}
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"lake", func() error { return replaceLake(site) }},
			{"ids", func() error { return x.readIDs(ctx) }}, // from the old lake, beside the new one
			{"key", w.replaceKey},
			{"originals", func() error { return removeOriginals(site, w) }},
			{"results", func() error { return removeResults(site) }},
			{"versions", func() error { return x.versions(ctx) }},
			{"texts", x.texts},
			{"warehouse", func() error { return replaceWarehouse(ctx, site) }},
			{"old lake", func() error {
				return errors.Join(os.RemoveAll(oldLake(site.Path)), durable.SyncDir(site.Path))
			}},
			{"end", func() error {
				return errors.Join(os.RemoveAll(filepath.Join(site.Path, "work")), w.remove(site.Path))
			}},
		} {
			if err := step.do(); err != nil {
				return err
			}
			site.Checkpoint("rewrite " + step.name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w; solve this, then finish it with: inbeeld run", w.name(), err)
	}
	return nil
}

// inDatabase calls do with a DuckDB session for a rewrite.
func inDatabase(ctx context.Context, site *publish.Site, do func(*duck.Session) error) error {
	work := workDir(site)
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	settings := duck.Settings{MemoryLimit: cmp.Or(site.MemoryLimit, "2GB"), Threads: 1, TempDir: filepath.Join(work, "spill")}
	return duck.With(ctx, settings, do)
}

// Lock locks the data directory for a command that changes stored or published data, and finishes a
// rewrite that was interrupted.
func Lock(ctx context.Context, site *publish.Site, what string) (release func() error, err error) {
	if err := datadir.Check(site.Path); err != nil {
		return nil, err
	}
	if release, err = datadir.Lock(site.Dir, what); err != nil {
		return nil, err
	}
	if err := Finish(ctx, site); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// lockForRewrite locks the data directory and reads its deliveries. The published version must be
// intact: a damaged one cannot be rewritten.
func lockForRewrite(ctx context.Context, o intake.Scope, site *publish.Site, what string) (*intake.Book, func() error, error) {
	release, err := Lock(ctx, site, what)
	if err != nil {
		return nil, nil, err
	}
	b, err := o.Open()
	if err == nil {
		err = checkPublished(site)
	}
	if err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return b, release, nil
}

func checkPublished(site *publish.Site) error {
	version, err := site.Store.Version()
	if err == nil && version != "" {
		err = site.Store.Check(version)
	}
	if err != nil {
		return usage.Errorf("the published version is damaged: %v; run inbeeld run, or inbeeld rollback, first", err)
	}
	return nil
}
