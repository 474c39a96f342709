package modeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql/quote"
)

// fill inserts the rows of an input table.
func (s *Sandbox) fill(ctx context.Context, t *CaseRun, in *caseTable) error {
	if len(in.Rows) == 0 {
		return nil
	}
	columns := slices.Clone(in.Columns)
	addPeildatum := s.hasPeildatum(in.name) && t.peildatum != "" && !slices.Contains(columns, "peildatum")
	if addPeildatum {
		columns = append(columns, "peildatum")
	}
	values := make([]string, len(in.Rows))
	for i, row := range in.Rows {
		cells := make([]string, 0, len(columns))
		for _, v := range row.values {
			cells = append(cells, literal(v))
		}
		if addPeildatum {
			cells = append(cells, literal(&t.peildatum))
		}
		values[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	schema, table, _ := strings.Cut(in.name, ".")
	err := s.Session.Exec(ctx, "insert into "+quote.Table(schema, table)+" ("+quote.List(columns)+") values "+strings.Join(values, ", "))
	var derr *duck.Error
	if !errors.As(err, &derr) {
		return err
	}
	faults, ferr := s.findInvalidCells(ctx, t, in)
	if ferr != nil {
		return ferr
	}
	if len(faults) == 0 {
		faults = projectfile.Faults{in.fault(in.line, 0, "", "cannot insert the rows: %s", derr.Message)}
	}
	return faults
}

// hasPeildatum reports whether a table is a model that runs per peildatum and has that column.
func (s *Sandbox) hasPeildatum(name string) bool {
	n := s.Bound.ByName[name]
	return n != nil && n.Per != graph.PerNone && column(n, "peildatum") >= 0
}

// findInvalidCells finds cells that cannot be cast to the type of their column. It begins a new transaction,
// because the present one has failed.
func (s *Sandbox) findInvalidCells(ctx context.Context, t *CaseRun, in *caseTable) (projectfile.Faults, error) {
	if err := s.Session.Exec(ctx, "rollback; begin transaction"); err != nil {
		return nil, err
	}
	types := map[string]string{}
	for _, c := range inputTables(s.Bound, t.Node, map[string][]duck.Column{})[in.name] {
		types[strings.ToLower(c.Name)] = c.Type
	}
	var faults projectfile.Faults
	for _, row := range in.Rows {
		for i, v := range row.values {
			if v == nil {
				continue
			}
			kind := types[in.Columns[i]]
			got, err := s.Session.Row(ctx, "select try_cast("+quote.Literal(*v)+" as "+kind+")::varchar")
			if err != nil {
				return nil, fmt.Errorf("case %s of %s: %w", t.name, t.Node.Name, err)
			}
			if got[0] == nil {
				faults = append(faults, in.fault(row.Line, row.Cols[i], "", "%q is not a valid %s", *v, kind))
			}
		}
	}
	return faults, nil
}

func literal(v *string) string {
	if v == nil {
		return "null"
	}
	return quote.Literal(*v)
}
