package publish

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sql/quote"
)

// martFile writes one mart into dir, sorted by its grain, and verifies it with a second Parquet reader. If
// the current version has the same mart, martFile links that file instead.
func martFile(ctx context.Context, e *transform.Engine, s *duck.Session, n *graph.Query, dir, current string, old *mart.Manifest) (mart.File, error) {
	f := mart.File{
		Mart: n.Model.Name, Path: graph.MartPath(n), Definition: n.Basis.Version(),
		Description: n.Model.Description, Grain: n.Model.Grain, Intern: n.Model.Intern,
	}
	f.Fingerprint = fingerprint.Of("mart", fingerprint.EngineVersion, n.Name, f.Definition, fmt.Sprint(n.Columns), e.Fingerprint(n))
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
		from := filepath.Join(current, filepath.FromSlash(f.Path))
		if i >= 0 && hasSHA256(ctx, from, old.Files[i].SHA256) && os.Link(from, path) == nil {
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
		return f, fmt.Errorf("%s: the written file differs from the computed rows: %w", n.Name, err)
	}
	return f, nil
}

// hasSHA256 reports whether a file can be read and has a hash.
func hasSHA256(ctx context.Context, path, sha string) bool {
	found, err := mart.HashFile(ctx, path)
	return err == nil && found == sha
}

// Sorted returns a SELECT of the rows of a mart in the order of its file.
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

// Expect asks the database for the number of rows and, per column, the number of NULLs and the sum.
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
