package persons

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

const followFunction = "volgende_id"

// makeLake writes all of the lake anew, beside it, and fills in which columns hold ids. Every file is
// written row for row in its own order, as a load would have written it. A file of which the load was
// never finished is left out: it is loaded again.
func makeLake(r *publish.Site, ctx context.Context, p *project.Project, s *duck.Session, w *rewrite, follow *pseudonym.Key) error {
	if err := s.RegisterText(ctx, followFunction, follow.Follow); err != nil {
		return err
	}
	next := lakeNext(r.Path)
	if err := errors.Join(os.RemoveAll(next), os.Mkdir(next, 0o700)); err != nil {
		return err
	}
	records, err := filepath.Glob(filepath.Join(lakeRoot(r.Path), "*", "*.json"))
	if err != nil {
		return err
	}
	w.Columns, w.Values = map[string][]string{}, map[string][]string{}
	for i, path := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		source, delivery := filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".json")
		load, err := lake.Read(r.Path, source, delivery)
		if err != nil {
			return err
		}
		if load == nil || !load.Complete(r.Path) {
			continue
		}
		if err := makeLoad(r, ctx, p, s, w, load, filepath.Join(next, source, delivery)); err != nil {
			return fmt.Errorf("write the rows of %s/%s anew: %w", source, delivery, err)
		}
		r.Advance("rewrite", i+1, len(records))
	}
	folders, err := filepath.Glob(filepath.Join(next, "*"))
	if err != nil {
		return err
	}
	for _, folder := range append(folders, next, r.Path) {
		if err := durable.SyncDir(folder); err != nil {
			return err
		}
	}
	return nil
}

func lakeRoot(data string) string { return filepath.Join(data, "lake") }

// makeLoad writes one load anew.
func makeLoad(r *publish.Site, ctx context.Context, p *project.Project, s *duck.Session, w *rewrite, load *lake.Load, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if load.Accepted {
		if err := makeRows(r, ctx, p, s, w, load, lake.Path(r.Path, load.Source, load.Delivery, ".parquet"), to+".parquet"); err != nil {
			return err
		}
	}
	if w.Kind == datadir.Rotation {
		load.Key = w.Key
	}
	text, err := json.MarshalIndent(load, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(to+".json", append(text, '\n'), 0o600)
}

func makeRows(r *publish.Site, ctx context.Context, p *project.Project, s *duck.Session, w *rewrite, load *lake.Load, from, to string) error {
	table := "read_parquet(" + quote.Literal(from) + ")"
	contract := p.Contract(load.Source)
	persons, err := personColumns(ctx, s, table, load, contract)
	if err != nil {
		return err
	}
	for _, c := range persons {
		if !slices.Contains(w.Columns[load.Source], c) {
			w.Columns[load.Source] = append(w.Columns[load.Source], c)
		}
	}
	metadata, err := metadataOf(ctx, s, from)
	if err != nil {
		return err
	}
	var replaced []string
	if w.Kind == datadir.Rotation {
		metadata["inbeeld.key"] = w.Key
		for _, c := range persons {
			replaced = append(replaced, fmt.Sprintf("%s(%s) as %s", followFunction, quote.Ident(c), quote.Ident(c)))
		}
	} else if replaced, err = w.erased(ctx, s, table, persons, contract); err != nil {
		return err
	}
	if len(replaced) == 0 && w.Kind == datadir.Erasure { // nobody can be in it
		return os.Link(from, to)
	}
	query := "select * from " + table
	if len(replaced) > 0 {
		query = "select * replace (" + strings.Join(replaced, ", ") + ") from " + table
	}
	if err := s.Exec(ctx, duck.CopyStatement(query, to, metadata)); err != nil {
		return err
	}
	return errors.Join(os.Chmod(to, 0o600), durable.SyncFile(to))
}

// erased are the columns of a file without a person: another id, another text where that names a row by
// itself, of which is noted what it was, and nothing where no figure and no verdict rests on the column.
func (w *rewrite) erased(ctx context.Context, s *duck.Session, table string, persons []string, c *contract.Contract) (replaced []string, err error) {
	if len(persons) == 0 {
		return nil, nil
	}
	var theirs []string
	for _, p := range persons {
		theirs = append(theirs, "coalesce("+quote.Ident(p)+" = "+quote.Literal(w.Person)+", false)")
	}
	own := "(" + strings.Join(theirs, " or ") + ")"
	columns, err := s.Describe(ctx, "select * from "+table)
	if err != nil {
		return nil, err
	}
	naming := nameOfRows(c)
	for _, column := range columns {
		name := quote.Ident(column.Name)
		switch person := slices.Index(persons, column.Name); {
		case person >= 0:
			replaced = append(replaced, fmt.Sprintf("case when %s then %s(%s) else %s end as %s", theirs[person], followFunction, name, name, name))
		case column.Name == naming && column.Type == "VARCHAR":
			rows, err := s.Rows(ctx, "select distinct "+name+" from "+table+" where "+own+" and "+name+" is not null order by all")
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				if !slices.Contains(w.Values[*row[0]], column.Name) {
					w.Values[*row[0]] = append(w.Values[*row[0]], column.Name)
				}
			}
			replaced = append(replaced, fmt.Sprintf("case when %s then %s(%s) else %s end as %s", own, followFunction, name, name, name))
		case c != nil && slices.Contains(w.unread[c.Name], column.Name):
			// Where all others have the same value, a check on columns that say one thing would see the
			// difference.
			row, err := s.Row(ctx, "select (count(distinct "+name+") filter (where not "+own+"))::varchar from "+table)
			if err != nil {
				return nil, err
			}
			if duck.Number(row[0]) != 1 {
				replaced = append(replaced, fmt.Sprintf("case when not %s then %s end as %s", own, name, name))
			}
		}
	}
	return replaced, nil
}

// nameOfRows is the column of text that names the rows of a contract about persons by itself, such as the
// number of a placement: whoever has it elsewhere would know the person again. "" is none.
func nameOfRows(c *contract.Contract) string {
	if c == nil || len(c.Key) != 1 {
		return ""
	}
	if column, ok := c.Column(c.Key[0]); !ok || column.Type != contract.Text {
		return ""
	}
	return c.Key[0]
}

// personColumns are the columns of a file of the lake that hold ids: those of the contract. When it was
// loaded by another contract, which may have called them otherwise, they are known by holding nothing else.
func personColumns(ctx context.Context, s *duck.Session, table string, load *lake.Load, c *contract.Contract) (persons []string, err error) {
	columns, err := s.Describe(ctx, "select * from "+table)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, column := range columns {
		if column.Type != "VARCHAR" {
			continue
		}
		texts = append(texts, column.Name)
		if c == nil {
			continue
		}
		if known, ok := c.Column(column.Name); ok && known.Type == contract.BSN {
			persons = append(persons, column.Name)
		}
	}
	if len(persons) > 0 || len(texts) == 0 || c != nil && c.Fingerprint() == load.Contract {
		return persons, nil
	}
	var only []string
	for _, name := range texts {
		only = append(only, fmt.Sprintf("coalesce(bool_and(regexp_full_match(%s, '[0-9a-f]{32}')), false)::varchar", quote.Ident(name)))
	}
	row, err := s.Row(ctx, "select "+strings.Join(only, ", ")+" from "+table)
	if err != nil {
		return nil, err
	}
	for i, name := range texts {
		if *row[i] == "true" {
			persons = append(persons, name)
		}
	}
	return persons, nil
}

// metadataOf is the key-value metadata of a Parquet file.
func metadataOf(ctx context.Context, s *duck.Session, path string) (map[string]string, error) {
	rows, err := s.Rows(ctx, "select decode(key), decode(value) from parquet_kv_metadata("+quote.Literal(path)+")")
	if err != nil {
		return nil, err
	}
	metadata := map[string]string{}
	for _, row := range rows {
		metadata[*row[0]] = *row[1]
	}
	return metadata, nil
}

// placeLake puts the new lake in the place of the old one.
func placeLake(r *publish.Site) error {
	lake, next, old := lakeRoot(r.Path), lakeNext(r.Path), lakeOld(r.Path)
	if _, err := os.Stat(next); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(old); errors.Is(err, os.ErrNotExist) {
		if err := durable.Rename(lake, old); err != nil {
			return err
		}
		r.Checkpoint("rewrite between lakes")
	}
	return durable.Rename(next, lake)
}
