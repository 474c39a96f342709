package persons

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/sql/quote"
)

// versions gives the persons in every version that is kept their other ids. Marts about persons are all
// written anew, others only when they hold one after all.
func (x *rewriter) versions(ctx context.Context) error {
	if err := x.Store.FinishRewrites(); err != nil {
		return err
	}
	versions, err := x.Store.Versions()
	if err != nil {
		return err
	}
	current, err := x.Store.Version()
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v != current && x.Store.Check(v) != nil { // nobody can go back to it
			if err := x.Store.Discard(v); err != nil {
				return err
			}
			continue
		}
		change := func(dir string, f *mart.File) error { return x.mart(ctx, dir, f) }
		if err := x.Store.Rewrite(ctx, v, change); err != nil {
			return err
		}
		x.At("rewrite version " + v)
	}
	return nil
}

// mart writes the file of one mart anew, when it has to be.
func (x *rewriter) mart(ctx context.Context, dir string, f *mart.File) error {
	path, was := filepath.Join(dir, filepath.FromSlash(f.Path)), f.SHA256
	if made, ok := x.made[was]; ok {
		if made == nil {
			return nil
		}
		f.SHA256, f.Size = made.SHA256, made.Size
		if !f.Intern {
			f.CSV = nil
		}
		return errors.Join(os.Remove(path), os.Link(filepath.Join(rewriteWork(x.Site), made.SHA256), path))
	}
	if !f.Intern {
		found, err := x.holds(ctx, path, f.Columns)
		if err != nil {
			return err
		}
		if !found {
			x.made[was] = nil
			return nil
		}
		f.CSV = nil // of other content; the next run makes one
	}
	metadata, err := metadataOf(ctx, x.session, path)
	if err != nil {
		return err
	}
	tmp := filepath.Join(rewriteWork(x.Site), "mart.tmp")
	from := x.replaced(path, f.Columns)
	want, err := publish.Expect(ctx, x.session, f.Columns, from, metadata)
	if err != nil {
		return err
	}
	if err := x.session.Exec(ctx, duck.CopyStatement(publish.Sorted(*f, from), tmp, metadata)); err != nil {
		return err
	}
	if f.SHA256, f.Size, err = mart.Verify(ctx, tmp, want); err != nil {
		return fmt.Errorf("what was written is not what was to be: %w", err)
	}
	kept := filepath.Join(rewriteWork(x.Site), f.SHA256)
	x.made[was] = &mart.File{SHA256: f.SHA256, Size: f.Size}
	return errors.Join(os.Rename(tmp, kept), os.Remove(path), os.Link(kept, path))
}

// replaced is a SELECT of a mart with other ids, and in rows of the person, and in columns of that name,
// with other keys.
func (x *rewriter) replaced(path string, columns []mart.Column) string {
	var texts, own []string
	for _, c := range columns {
		if c.Type == "VARCHAR" {
			texts = append(texts, c.Name)
			own = append(own, "coalesce(contains("+quote.Ident(c.Name)+", "+quote.Literal(x.rewrite.Person)+"), false)")
		}
	}
	table := "read_parquet(" + quote.Literal(path) + ")"
	if len(texts) == 0 {
		return "select * from " + table
	}
	var list []string
	for _, name := range texts {
		value := quote.Ident(name)
		if x.rewrite.Kind == datadir.Erasure {
			where := "(" + strings.Join(own, " or ") + ")"
			for _, columns := range x.rewrite.Values {
				if slices.Contains(columns, name) {
					where = "true"
				}
			}
			value = "case when " + where + " then " + valueFunction + "(" + value + ") else " + value + " end"
		}
		list = append(list, otherFunction+"("+value+") as "+quote.Ident(name))
	}
	return "select * replace (" + strings.Join(list, ", ") + ") from " + table
}

// holds tells whether a mart that is not about persons holds the id of one.
func (x *rewriter) holds(ctx context.Context, path string, columns []mart.Column) (bool, error) {
	for _, c := range columns {
		if c.Type != "VARCHAR" {
			continue
		}
		name := quote.Ident(c.Name)
		rows, err := x.session.Rows(ctx, "select distinct "+name+" from read_parquet("+quote.Literal(path)+") where regexp_matches("+name+", '[0-9a-f]{32}')")
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

// removeResults takes away all that was computed: nothing of it may hold an id that is gone. The next
// run computes it again, from the same fingerprints.
func removeResults(r *publish.Site) error {
	for _, folder := range []string{"stand", "work"} {
		entries, err := os.ReadDir(filepath.Join(r.Path, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(r.Path, folder, e.Name())
			if path == rewriteWork(r) {
				continue
			}
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	if r.Spill != "" {
		return os.RemoveAll(r.SpillDir())
	}
	return nil
}

// bareWarehouse makes a warehouse of what people read, without the last stand of core: the next run adds
// that.
func bareWarehouse(r *publish.Site, ctx context.Context) error {
	version, err := r.Store.Version()
	if err != nil {
		return err
	}
	if version == "" {
		to := filepath.Join(r.Path, "warehouse.duckdb")
		return errors.Join(durable.RemoveIfExists(to), durable.RemoveIfExists(to+".wal"))
	}
	path := filepath.Join(rewriteWork(r), "warehouse.duckdb")
	if err := durable.RemoveIfExists(path); err != nil {
		return err
	}
	if err := r.VersionWarehouse(ctx, version, path); err != nil {
		return err
	}
	return publish.PublishWarehouse(path, r.Path, r.Modes)
}
