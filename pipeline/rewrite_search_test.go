package pipeline

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sql/quote"
)

// A textSearch looks for texts in every file, also within Parquet, DuckDB, gzip and zip.
type textSearch struct {
	session *duck.Session
	scratch string
}

// below gives the places below dir where one of some texts is, but in the folders that are excepted.
func (s *textSearch) below(ctx context.Context, dir string, texts []string, except ...string) (found []string, err error) {
	seen := map[uint64]bool{} // files of versions are the same ones
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if e.IsDir() && slices.Contains(except, rel) {
			return fs.SkipDir
		}
		if !e.Type().IsRegular() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && seen[st.Ino] {
			return nil
		} else if ok {
			seen[st.Ino] = true
		}
		text, err := os.ReadFile(path)
		if err == nil {
			text, err = s.opened(ctx, path, append([]byte(rel+"\n"), text...), text)
		}
		for _, t := range texts {
			if bytes.Contains(text, []byte(t)) {
				found = append(found, fmt.Sprintf("%q in %s", t, rel))
			}
		}
		return err
	})
	return found, err
}

// opened is all that with what is within behind it.
func (s *textSearch) opened(ctx context.Context, path string, all, data []byte) ([]byte, error) {
	add := func(r io.Reader) error {
		inner, err := io.ReadAll(r)
		if err == nil {
			all, err = s.opened(ctx, "", append(all, inner...), inner)
		}
		return err
	}
	switch {
	case bytes.HasPrefix(data, []byte("PAR1")):
		file := quote.Literal(path)
		return s.rows(ctx, all, "select to_json(t)::varchar from read_parquet("+file+") as t",
			"select to_json(t)::varchar from parquet_metadata("+file+") as t", "select decode(key) || ' ' || decode(value) from parquet_kv_metadata("+file+")")
	case len(data) > 12 && string(data[8:12]) == "DUCK":
		copied := filepath.Join(s.scratch, "searched.duckdb")
		if err := errors.Join(os.WriteFile(copied, data, 0o600), s.session.Exec(ctx, "attach "+quote.Literal(copied)+" as searched (read_only)")); err != nil {
			return nil, err
		}
		tables, err := s.session.Rows(ctx, "select schema_name, table_name from duckdb_tables() where database_name = 'searched'")
		for _, t := range tables {
			if err == nil {
				all, err = s.rows(ctx, all, "select to_json(t)::varchar from searched."+quote.Table(*t[0], *t[1])+" as t")
			}
		}
		return all, errors.Join(err, s.session.Exec(ctx, "detach searched"))
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			err = add(r)
		}
		return all, err
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		for _, f := range archive.File {
			r, err := f.Open()
			if err == nil {
				err = errors.Join(add(r), r.Close())
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (s *textSearch) rows(ctx context.Context, all []byte, queries ...string) ([]byte, error) {
	for _, q := range queries {
		rows, err := s.session.Rows(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
		for _, r := range rows {
			if r[0] != nil {
				all = append(append(all, *r[0]...), '\n')
			}
		}
	}
	return all, nil
}
