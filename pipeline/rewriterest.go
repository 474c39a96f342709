package pipeline

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sql"
)

// A rewriter does what comes behind the switch: it knows which ids go, and what comes in their place.
type rewriter struct {
	*runner
	rewrite *rewrite
	key     *pseudonym.Key
	session *duck.Session
	ids     map[[16]byte]bool
	made    map[string]*mart.File // what became of a file of a mart, by the hash of what it was
}

const (
	otherFunction = "andere_id"
	valueFunction = "andere_sleutel"
)

// learn reads who is to have another id: of a rotation, everybody in the old lake. Once that is being
// removed nobody is left who has the old one.
func (x *rewriter) learn(ctx context.Context) error {
	x.ids = map[[16]byte]bool{}
	if x.rewrite.Kind == erasure {
		x.know(x.rewrite.Person)
	} else if err := x.learnAll(ctx); err != nil {
		return fmt.Errorf("read the ids of the old lake: %w", err)
	}
	if err := x.session.RegisterText(ctx, otherFunction, func(text string) string { return string(x.other([]byte(text))) }); err != nil {
		return err
	}
	return x.session.RegisterText(ctx, valueFunction, func(text string) string {
		if x.rewrite.Values[text] == nil {
			return text
		}
		return x.key.Follow(text)
	})
}

func (x *rewriter) learnAll(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(lakeOld(x.Data), "*", "*.parquet"))
	if err != nil {
		return err
	}
	for _, path := range files {
		if _, err := os.Stat(strings.TrimSuffix(path, ".parquet") + ".json"); errors.Is(err, fs.ErrNotExist) {
			continue // half loaded, perhaps half written
		}
		table := "read_parquet(" + sql.Literal(path) + ")"
		columns, err := x.session.Describe(ctx, "select * from "+table)
		if err != nil {
			return err
		}
		for _, c := range columns {
			if !slices.Contains(x.rewrite.Columns[filepath.Base(filepath.Dir(path))], c.Name) {
				continue
			}
			rows, err := x.session.Rows(ctx, "select distinct "+sql.Ident(c.Name)+" from "+table+" where "+sql.Ident(c.Name)+" is not null")
			if err != nil {
				return err
			}
			for _, row := range rows {
				x.know(*row[0])
			}
		}
	}
	return nil
}

func (x *rewriter) know(id string) {
	var raw [16]byte
	if n, err := hex.Decode(raw[:], []byte(id)); err == nil && n == len(raw) {
		x.ids[raw] = true
	}
}

// other is a text with the ids that go, which stand there as runs of exactly 32 hexadecimal digits,
// replaced. A text without any is given as it is.
func (x *rewriter) other(text []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] >= 'a' && text[end] <= 'f') {
			end++
		}
		var raw [16]byte
		if end-i == 2*len(raw) {
			if _, err := hex.Decode(raw[:], text[i:end]); err == nil && x.ids[raw] {
				out = append(append(out, text[done:i]...), x.key.Follow(string(text[i:end]))...)
				done = end
			}
		}
		i = end + 1
	}
	if done == 0 {
		return text
	}
	return append(out, text[done:]...)
}

// versions gives the persons in every version that is kept their other ids. Marts about persons are all
// written anew, others only when they hold one after all.
func (x *rewriter) versions(ctx context.Context) error {
	if err := x.store.Mend(); err != nil {
		return err
	}
	versions, err := x.store.Versions()
	if err != nil {
		return err
	}
	current, err := x.store.Version()
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v != current && x.store.Whole(v) != nil { // nobody can go back to it
			if err := x.store.Discard(v); err != nil {
				return err
			}
			continue
		}
		change := func(dir string, f *mart.File) (bool, error) { return x.mart(ctx, dir, f) }
		if err := x.store.Rewrite(ctx, v, change); err != nil {
			return err
		}
		x.at("rewrite version " + v)
	}
	return nil
}

// mart writes the file of one mart anew, when it has to be.
func (x *rewriter) mart(ctx context.Context, dir string, f *mart.File) (bool, error) {
	path, was := filepath.Join(dir, filepath.FromSlash(f.Path)), f.SHA256
	if made, ok := x.made[was]; ok {
		if made == nil {
			return false, nil
		}
		f.SHA256, f.Size = made.SHA256, made.Size
		if !f.Intern {
			f.Twin = nil
		}
		return true, errors.Join(os.Remove(path), os.Link(filepath.Join(x.rewriteWork(), made.SHA256), path))
	}
	if !f.Intern {
		found, err := x.holds(ctx, path, f.Columns)
		if err != nil {
			return false, err
		}
		if !found {
			x.made[was] = nil
			return false, nil
		}
		f.Twin = nil // of other content; the next run makes one
	}
	metadata, err := metadataOf(ctx, x.session, path)
	if err != nil {
		return false, err
	}
	tmp := filepath.Join(x.rewriteWork(), "mart.tmp")
	from := x.replaced(path, f.Columns)
	want, err := expect(ctx, x.session, f.Columns, from, metadata)
	if err != nil {
		return false, err
	}
	if err := x.session.Exec(ctx, copyStatement(sorted(*f, from), tmp, metadata)); err != nil {
		return false, err
	}
	if f.SHA256, f.Size, err = mart.Verify(ctx, tmp, want); err != nil {
		return false, fmt.Errorf("what was written is not what was to be: %w", err)
	}
	kept := filepath.Join(x.rewriteWork(), f.SHA256)
	x.made[was] = &mart.File{SHA256: f.SHA256, Size: f.Size}
	return true, errors.Join(os.Rename(tmp, kept), os.Remove(path), os.Link(kept, path))
}

// replaced is a SELECT of a mart with other ids, and in rows of the person, and in columns of that name,
// with other keys.
func (x *rewriter) replaced(path string, columns []mart.Column) string {
	var texts, own []string
	for _, c := range columns {
		if c.Type == "VARCHAR" {
			texts = append(texts, c.Name)
			own = append(own, "coalesce(contains("+sql.Ident(c.Name)+", "+sql.Literal(x.rewrite.Person)+"), false)")
		}
	}
	table := "read_parquet(" + sql.Literal(path) + ")"
	if len(texts) == 0 {
		return "select * from " + table
	}
	var list []string
	for _, name := range texts {
		value := sql.Ident(name)
		if x.rewrite.Kind == erasure {
			where := "(" + strings.Join(own, " or ") + ")"
			for _, columns := range x.rewrite.Values {
				if slices.Contains(columns, name) {
					where = "true"
				}
			}
			value = "case when " + where + " then " + valueFunction + "(" + value + ") else " + value + " end"
		}
		list = append(list, otherFunction+"("+value+") as "+sql.Ident(name))
	}
	return "select * replace (" + strings.Join(list, ", ") + ") from " + table
}

// holds tells whether a mart that is not about persons holds the id of one.
func (x *rewriter) holds(ctx context.Context, path string, columns []mart.Column) (bool, error) {
	for _, c := range columns {
		if c.Type != "VARCHAR" {
			continue
		}
		name := sql.Ident(c.Name)
		rows, err := x.session.Rows(ctx, "select distinct "+name+" from read_parquet("+sql.Literal(path)+") where regexp_matches("+name+", '[0-9a-f]{32}')")
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			if string(x.other([]byte(*row[0]))) != *row[0] {
				return true, nil
			}
		}
	}
	return false, nil
}

// texts replaces ids in what runs wrote down, and in what was told and decided: rules that judge persons
// one by one name them there.
func (x *rewriter) texts() error {
	for _, folder := range []string{"runs", "alerts", "decisions"} {
		err := filepath.WalkDir(filepath.Join(x.Data, folder), func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			return x.text(path)
		})
		if err != nil {
			return err
		}
	}
	status, err := x.store.ReadStatus()
	if err != nil || status == nil {
		return err
	}
	for _, name := range []string{"status.json", "STATUS.txt"} {
		if err := x.text(filepath.Join(x.store.Dir, name)); err != nil {
			return err
		}
	}
	if status, err = x.store.ReadStatus(); err != nil {
		return err
	}
	return x.store.WriteStatus(*status) // for its readers
}

func (x *rewriter) text(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	other := x.other(text)
	if bytes.Equal(other, text) {
		return nil
	}
	return durable.WriteFile(path, other, 0o600)
}

// removeResults takes away all that was computed: nothing of it may hold an id that is gone. The next
// run computes it again, from the same fingerprints.
func (r *runner) removeResults() error {
	for _, folder := range []string{"stand", "work"} {
		entries, err := os.ReadDir(filepath.Join(r.Data, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(r.Data, folder, e.Name())
			if path == r.rewriteWork() {
				continue
			}
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	if r.Spill != "" {
		return os.RemoveAll(r.spill())
	}
	return nil
}

// bareWarehouse makes a warehouse of what people read, without the last stand of core: the next run adds
// that.
func (r *runner) bareWarehouse(ctx context.Context) error {
	version, err := r.store.Version()
	if err != nil {
		return err
	}
	if version == "" {
		to := filepath.Join(r.Data, "warehouse.duckdb")
		return errors.Join(removeIfThere(to), removeIfThere(to+".wal"))
	}
	path := filepath.Join(r.rewriteWork(), "warehouse.duckdb")
	if err := removeIfThere(path); err != nil {
		return err
	}
	if err := r.versionWarehouse(ctx, version, path); err != nil {
		return err
	}
	return publishWarehouse(path, r.Data, r.modes)
}
