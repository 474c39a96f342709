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

// versions replaces ids in every stored version. It rewrites every person-level mart, and other marts only
// if they contain an id after all.
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
		if v != current && x.Store.Check(v) != nil { // it is damaged, so no rollback can return to it
			if err := x.Store.Discard(v); err != nil {
				return err
			}
			continue
		}
		change := func(dir string, f *mart.File) error { return x.mart(ctx, dir, f) }
		if err := x.Store.Rewrite(ctx, v, change); err != nil {
			return err
		}
		x.Checkpoint("rewrite version " + v)
	}
	return nil
}

// mart rewrites the file of one mart, if necessary.
func (x *rewriter) mart(ctx context.Context, dir string, f *mart.File) error {
	path, was := filepath.Join(dir, filepath.FromSlash(f.Path)), f.SHA256
	if done, ok := x.rewritten[was]; ok {
		if done == nil {
			return nil
		}
		f.SHA256, f.Size = done.SHA256, done.Size
		if !f.Intern {
			f.CSV = nil
		}
		return errors.Join(os.Remove(path), os.Link(filepath.Join(workDir(x.Site), done.SHA256), path))
	}
	if !f.Intern {
		found, err := x.containsID(ctx, path, f.Columns)
		if err != nil {
			return err
		}
		if !found {
			x.rewritten[was] = nil
			return nil
		}
		f.CSV = nil // outdated; the next run makes a new one
	}
	metadata, err := metadataOf(ctx, x.session, path)
	if err != nil {
		return err
	}
	tmp := filepath.Join(workDir(x.Site), "mart.tmp")
	from := x.replacing(path, f.Columns)
	want, err := publish.Expect(ctx, x.session, f.Columns, from, metadata)
	if err != nil {
		return err
	}
	if err := x.session.Exec(ctx, duck.CopyStatement(publish.Sorted(*f, from), tmp, metadata)); err != nil {
		return err
	}
	if f.SHA256, f.Size, err = mart.Verify(ctx, tmp, want); err != nil {
		return fmt.Errorf("verify the rewritten file: %w", err)
	}
	stored := filepath.Join(workDir(x.Site), f.SHA256)
	x.rewritten[was] = &mart.File{SHA256: f.SHA256, Size: f.Size}
	return errors.Join(os.Rename(tmp, stored), os.Remove(path), os.Link(stored, path))
}

// replacing returns a SELECT of a mart with ids replaced. For an erasure it also replaces the keys of the
// person's rows: in those rows, and everywhere in columns of that name.
func (x *rewriter) replacing(path string, columns []mart.Column) string {
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
			value = "case when " + where + " then " + keyFunction + "(" + value + ") else " + value + " end"
		}
		list = append(list, idFunction+"("+value+") as "+quote.Ident(name))
	}
	return "select * replace (" + strings.Join(list, ", ") + ") from " + table
}

// containsID reports whether a mart contains an id to replace.
func (x *rewriter) containsID(ctx context.Context, path string, columns []mart.Column) (bool, error) {
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
			if string(x.replaceIDs([]byte(*row[0]))) != *row[0] {
				return true, nil
			}
		}
	}
	return false, nil
}

// removeResults removes everything computed, which may contain old ids. The next run computes it again,
// with the same fingerprints.
func removeResults(site *publish.Site) error {
	for _, folder := range []string{"stand", "work"} {
		entries, err := os.ReadDir(filepath.Join(site.Path, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(site.Path, folder, e.Name())
			if path == workDir(site) {
				continue
			}
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	if site.Spill != "" {
		return os.RemoveAll(site.SpillDir())
	}
	return nil
}

// replaceWarehouse writes a warehouse of the published version, without the last stand of core: the next
// run adds that.
func replaceWarehouse(ctx context.Context, site *publish.Site) error {
	version, err := site.Store.Version()
	if err != nil {
		return err
	}
	if version == "" {
		to := filepath.Join(site.Path, "warehouse.duckdb")
		return errors.Join(durable.RemoveIfExists(to), durable.RemoveIfExists(to+".wal"))
	}
	path := filepath.Join(workDir(site), "warehouse.duckdb")
	if err := durable.RemoveIfExists(path); err != nil {
		return err
	}
	if err := site.VersionWarehouse(ctx, version, path); err != nil {
		return err
	}
	return site.ReplaceWarehouse(path)
}
