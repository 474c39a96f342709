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

// QueryMarts runs a SELECT, all columns VARCHAR, over the published marts as marts.<name>. All of
// them are of one version, whatever a run does meanwhile.
func QueryMarts(ctx context.Context, data, query string) (rows [][]*string, err error) {
	store := mart.Store{Dir: filepath.Join(data, "marts")}
	version, m, err := store.Current()
	if err != nil {
		return nil, err
	}
	if version == "" {
		return nil, errors.New("nothing has been published yet")
	}
	db, err := duck.Open(ctx, duck.Settings{Threads: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Exec(ctx, "create schema marts"); err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		path := filepath.Join(store.Dir, "versions", version, filepath.FromSlash(f.Path))
		if err := session.Exec(ctx, "create view "+quote.Table("marts", f.Mart)+" as select * from read_parquet("+quote.Literal(path)+")"); err != nil {
			return nil, fmt.Errorf("read mart %s: %w", f.Mart, err)
		}
	}
	return session.Rows(ctx, query)
}
