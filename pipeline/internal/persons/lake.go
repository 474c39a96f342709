package persons

import (
	"context"
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

// A lakeWriter writes a lake with other ids beside the present one.
type lakeWriter struct {
	*publish.Site
	project *project.Project
	session *duck.Session
	rewrite *rewrite
}

// write writes every file row for row in its own order, as a load would have written it, and records which
// columns contain ids. It leaves out incomplete loads: the next run loads them again.
func (l *lakeWriter) write(ctx context.Context, key *pseudonym.Key) error {
	if err := l.session.RegisterText(ctx, followFunction, key.Follow); err != nil {
		return err
	}
	next := newLake(l.Path)
	if err := errors.Join(os.RemoveAll(next), os.Mkdir(next, 0o700)); err != nil {
		return err
	}
	records, err := filepath.Glob(filepath.Join(lakeDir(l.Path), "*", "*.json"))
	if err != nil {
		return err
	}
	l.rewrite.Columns, l.rewrite.Values = map[string][]string{}, map[string][]string{}
	for i, path := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		source, delivery := filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".json")
		load, err := lake.Read(l.Path, source, delivery)
		if err != nil {
			return err
		}
		if load == nil || !load.Complete(l.Path) {
			continue
		}
		if err := l.writeLoad(ctx, load, filepath.Join(next, source, delivery)); err != nil {
			return fmt.Errorf("rewrite the rows of %s/%s: %w", source, delivery, err)
		}
		l.Advance("rewrite", i+1, len(records))
	}
	folders, err := filepath.Glob(filepath.Join(next, "*"))
	if err != nil {
		return err
	}
	for _, folder := range append(folders, next, l.Path) {
		if err := durable.SyncDir(folder); err != nil {
			return err
		}
	}
	return nil
}

// writeLoad writes one load to a path without its extension.
func (l *lakeWriter) writeLoad(ctx context.Context, load *lake.Load, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if load.Accepted {
		if err := l.writeRows(ctx, load, lake.Path(l.Path, load.Source, load.Delivery, ".parquet"), to+".parquet"); err != nil {
			return err
		}
	}
	if l.rewrite.Kind == datadir.Rotation {
		load.Key = l.rewrite.Key
	}
	return durable.WriteJSON(to+".json", load)
}

func (l *lakeWriter) writeRows(ctx context.Context, load *lake.Load, from, to string) error {
	w, s := l.rewrite, l.session
	table := "read_parquet(" + quote.Literal(from) + ")"
	c := l.project.Contract(load.Source)
	persons, err := personColumns(ctx, s, table, load, c)
	if err != nil {
		return err
	}
	for _, name := range persons {
		if !slices.Contains(w.Columns[load.Source], name) {
			w.Columns[load.Source] = append(w.Columns[load.Source], name)
		}
	}
	metadata, err := metadataOf(ctx, s, from)
	if err != nil {
		return err
	}
	var replaced []string
	if w.Kind == datadir.Rotation {
		metadata["inbeeld.key"] = w.Key
		for _, name := range persons {
			replaced = append(replaced, fmt.Sprintf("%s(%s) as %s", followFunction, quote.Ident(name), quote.Ident(name)))
		}
	} else if replaced, err = w.erasures(ctx, s, table, persons, c); err != nil {
		return err
	}
	if len(replaced) == 0 && w.Kind == datadir.Erasure { // it cannot contain the person
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

// erasures returns replacements for the columns of a file: another id, another key for the person's rows,
// whose present value it records, and NULL in columns that nothing reads.
func (w *rewrite) erasures(ctx context.Context, s *duck.Session, table string, persons []string, c *contract.Contract) (replaced []string, err error) {
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
	key := textKey(c)
	for _, column := range columns {
		name := quote.Ident(column.Name)
		switch person := slices.Index(persons, column.Name); {
		case person >= 0:
			replaced = append(replaced, fmt.Sprintf("case when %s then %s(%s) else %s end as %s", theirs[person], followFunction, name, name, name))
		case column.Name == key && column.Type == "VARCHAR":
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
		case c != nil && slices.Contains(w.unused[c.Name], column.Name):
			// If all other rows have the same value, NULL would fail a check that columns are constant.
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

// textKey returns the text column that is the key of a contract by itself, such as the number of a
// placement, or "". Its value identifies the person to anybody who has it from elsewhere.
func textKey(c *contract.Contract) string {
	if c == nil || len(c.Key) != 1 {
		return ""
	}
	if column, ok := c.Column(c.Key[0]); !ok || column.Type != contract.Text {
		return ""
	}
	return c.Key[0]
}

// personColumns returns the columns of a lake file that contain ids, according to the contract. If the file
// was loaded by another contract, which may name them differently, it returns the columns with only ids.
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

// metadataOf returns the key-value metadata of a Parquet file.
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

// replaceLake replaces the lake by the new one, and leaves the old one beside it.
func replaceLake(site *publish.Site) error {
	present, next, old := lakeDir(site.Path), newLake(site.Path), oldLake(site.Path)
	if _, err := os.Stat(next); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(old); errors.Is(err, os.ErrNotExist) {
		if err := durable.Rename(present, old); err != nil {
			return err
		}
		site.Checkpoint("rewrite between lakes")
	}
	return durable.Rename(next, present)
}
