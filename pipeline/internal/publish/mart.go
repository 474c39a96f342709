package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sql/quote"
)

// martFile writes one mart into dir, sorted by its grain, and lets the second reader compare it with
// what the database says. A mart that is the same as in the current version is not written again.
func martFile(ctx context.Context, e *transform.Engine, s *duck.Session, n *graph.Query, dir, current string, old *mart.Manifest) (mart.File, error) {
	f := mart.File{
		Mart: n.Model.Name, Path: graph.MartPath(n), Definition: n.Basis.Version(),
		Description: n.Model.Description, Grain: n.Model.Grain, Intern: n.Model.Intern,
	}
	f.Fingerprint = fingerprint.Of("mart", fingerprint.Engine, n.Name, f.Definition, fmt.Sprint(n.Columns), e.Fingerprint(n))
	for _, c := range n.Columns {
		doc := n.Model.Column(c.Name)
		f.Columns = append(f.Columns, mart.Column{Name: c.Name, Type: c.Type, Description: doc.Description, Unit: doc.Unit, Denominator: doc.Denominator})
	}
	path := filepath.Join(dir, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return f, err
	}
	if old != nil {
		i := slices.IndexFunc(old.Files, func(o mart.File) bool { return o.Path == f.Path && o.Fingerprint == f.Fingerprint })
		if i >= 0 && reuseFile(filepath.Join(current, filepath.FromSlash(f.Path)), path, old.Files[i].SHA256) {
			f.Rows, f.Size, f.SHA256 = old.Files[i].Rows, old.Files[i].Size, old.Files[i].SHA256
			return f, nil
		}
	}
	from, err := e.Rows(n)
	if err != nil {
		return f, err
	}
	metadata := map[string]string{"inbeeld.mart": n.Model.Name, "inbeeld.fingerprint": f.Fingerprint, "inbeeld.definitie": f.Definition, "inbeeld.peildatum": graph.LastOf(e.Stands(n))}
	want, err := Expect(ctx, s, f.Columns, from, metadata)
	if err != nil {
		return f, fmt.Errorf("%s: %w", n.Name, err)
	}
	if err := s.Exec(ctx, duck.CopyStatement(Sorted(f, from), path, metadata)); err != nil {
		return f, fmt.Errorf("%s: %w", n.Name, err)
	}
	f.Rows = want.Rows
	f.SHA256, f.Size, err = mart.Verify(ctx, path, want)
	if err != nil {
		return f, fmt.Errorf("%s: what was written is not what was computed: %w", n.Name, err)
	}
	return f, nil
}

// reuseFile links a published file into the new version, when it still has the bytes it was
// published with.
func reuseFile(from, to, sha string) bool {
	return hasSHA256(from, sha) && os.Link(from, to) == nil
}

// holds tells whether a file has the bytes of a checksum.
func hasSHA256(path, sha string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, f)
	return err == nil && hex.EncodeToString(h.Sum(nil)) == sha
}

// Sorted is a SELECT of the rows of a mart in the order of its file.
func Sorted(f mart.File, from string) string {
	var order []string
	for _, name := range f.Grain {
		order = append(order, quote.Ident(name)+" nulls last")
	}
	for _, c := range f.Columns {
		order = append(order, quote.Ident(c.Name)+" nulls last")
	}
	return "select * from (" + from + ") order by " + strings.Join(order, ", ")
}

// Expect asks the database for the number of rows, and per column the NULLs and the sum.
func Expect(ctx context.Context, s *duck.Session, columns []mart.Column, from string, metadata map[string]string) (mart.Expectation, error) {
	want := mart.Expectation{Metadata: metadata, Sums: map[string]string{}, Nulls: map[string]int64{}}
	list := []string{"count(*)::varchar"}
	for _, c := range columns {
		want.Columns = append(want.Columns, mart.Column{Name: c.Name, Type: c.Type})
		name := quote.Ident(c.Name)
		list = append(list, "(count(*) - count("+name+"))::varchar")
		sum := "sum(" + name + ")"
		switch c.Type {
		case "BOOLEAN":
			sum = "sum(" + name + "::int)"
		case "VARCHAR":
			sum = "sum(strlen(" + name + "))"
		case "DATE":
			sum = "sum(" + name + " - date '1970-01-01')"
		case "TIMESTAMP":
			sum = "sum(epoch_us(" + name + "))"
		}
		list = append(list, "coalesce("+sum+", 0)::varchar")
	}
	row, err := s.Row(ctx, "select "+strings.Join(list, ", ")+" from ("+from+")")
	if err != nil {
		return want, err
	}
	want.Rows = duck.Number(row[0])
	for i, c := range columns {
		want.Nulls[c.Name] = duck.Number(row[1+2*i])
		want.Sums[c.Name] = *row[2+2*i]
	}
	return want, nil
}

// warehouse writes the warehouse of a publication: its marts, and the last stand of core.
func warehouse(ctx context.Context, e *transform.Engine, path, version string, files []mart.File) error {
	var core []coreTable
	for _, n := range e.Graph.Order {
		if n.Model.Schema == "core" {
			core = append(core, coreTable{n, e.LastRows(n)})
		}
	}
	return writeWarehouse(ctx, e.Session(0), path, version, files, core)
}

// A coreTable is a model that is not published, with the SELECT of what the warehouse holds of it.
type coreTable struct {
	node *graph.Query
	from string
}

// writeWarehouse writes a DuckDB file with the marts of the version in a folder, and tables of core.
func writeWarehouse(ctx context.Context, s *duck.Session, path, version string, files []mart.File, core []coreTable) error {
	// One transaction: a commit for each table would write each to disk by itself.
	statements := []string{"attach " + quote.Literal(path) + " as warehouse", "begin transaction"}
	table := func(schema, name, from, description string) {
		full := "warehouse." + quote.Table(schema, name)
		statements = append(statements, "create schema if not exists warehouse."+quote.Ident(schema), "create table "+full+" as "+from,
			"comment on table "+full+" is "+quote.Literal(description))
	}
	column := func(schema, name, column, description string) {
		if description != "" {
			statements = append(statements, "comment on column warehouse."+quote.Table(schema, name)+"."+quote.Ident(column)+" is "+quote.Literal(description))
		}
	}
	for _, f := range files {
		table("marts", f.Mart, "select * from read_parquet("+quote.Literal(filepath.Join(version, filepath.FromSlash(f.Path)))+")", f.Description)
		for _, c := range f.Columns {
			column("marts", f.Mart, c.Name, c.Description)
		}
	}
	for _, c := range core {
		table("core", c.node.Model.Name, c.from, c.node.Model.Description)
		for _, col := range c.node.Columns {
			column("core", c.node.Model.Name, col.Name, c.node.Model.Describe(col.Name))
		}
	}
	statements = append(statements, "commit", "checkpoint warehouse", "detach warehouse")
	if err := s.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("write the warehouse: %w", err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		return fmt.Errorf("write the warehouse: %w", err)
	}
	return durable.SyncFile(path)
}

// PublishWarehouse puts a finished warehouse in its place. A write-ahead log of another file beside it
// would make it unreadable, so that goes first.
func PublishWarehouse(from, data string, modes mart.Modes) error {
	to := filepath.Join(data, "warehouse.duckdb")
	err := os.Remove(to + ".wal")
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err == nil && modes.InternGroup != nil {
		err = setGroup(from, 0o440, *modes.InternGroup)
	}
	if err == nil && modes.Group != nil {
		err = setGroup(data, 0o710, *modes.Group) // to pass through, not to look around
	}
	if err == nil {
		err = durable.Rename(from, to)
	}
	if err != nil {
		return fmt.Errorf("publish the warehouse: %w", err)
	}
	return nil
}
