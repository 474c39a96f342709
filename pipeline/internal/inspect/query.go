package inspect

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/sql/quote"
)

// QueryMarts runs a SELECT over the published marts, as marts.<name>, and returns all values as text. All
// marts are of one version, even if a run publishes meanwhile.
func QueryMarts(ctx context.Context, data, query string) (rows [][]*string, err error) {
	store := mart.Store{Dir: filepath.Join(data, "marts")}
	version, m, err := store.Current()
	if err != nil {
		return nil, err
	}
	if version == "" {
		return nil, errors.New("nothing has been published yet")
	}
	err = inDatabase(ctx, func(s *duck.Session) error {
		if err := s.Exec(ctx, "create schema marts"); err != nil {
			return err
		}
		for _, f := range m.Files {
			path := filepath.Join(store.Dir, "versions", version, filepath.FromSlash(f.Path))
			if err := s.Exec(ctx, "create view "+quote.Table("marts", f.Mart)+" as select * from read_parquet("+quote.Literal(path)+")"); err != nil {
				return fmt.Errorf("read mart %s: %w", f.Mart, err)
			}
		}
		rows, err = s.Rows(ctx, query)
		return err
	})
	return rows, err
}

// inDatabase opens a DuckDB session in memory.
func inDatabase(ctx context.Context, do func(*duck.Session) error) (err error) {
	db, err := duck.Open(ctx, duck.Settings{Threads: 1})
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
