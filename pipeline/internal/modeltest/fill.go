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

// fill puts the rows of a case into a table that was made for it.
func (w *Sandbox) fill(ctx context.Context, t *CaseRun, in *caseTable) error {
	if len(in.Rows) == 0 {
		return nil
	}
	columns := slices.Clone(in.Columns)
	ofStand := w.standOf(in.name) && t.peildatum != "" && !slices.Contains(columns, "peildatum")
	if ofStand {
		columns = append(columns, "peildatum")
	}
	values := make([]string, len(in.Rows))
	for i, row := range in.Rows {
		cells := make([]string, 0, len(columns))
		for _, v := range row.values {
			cells = append(cells, literal(v))
		}
		if ofStand {
			cells = append(cells, literal(&t.peildatum))
		}
		values[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	schema, table, _ := strings.Cut(in.name, ".")
	err := w.Session.Exec(ctx, "insert into "+quote.Table(schema, table)+" ("+quote.List(columns)+") values "+strings.Join(values, ", "))
	var derr *duck.Error
	if !errors.As(err, &derr) {
		return err
	}
	faults, ferr := w.misfits(ctx, t, in)
	if ferr != nil {
		return ferr
	}
	if len(faults) == 0 {
		faults = projectfile.Faults{in.fault(in.line, 0, "", "the rows do not fit: %s", derr.Message)}
	}
	return faults
}

// standOf tells whether a table is that of a model which runs per peildatum and has such a column.
func (w *Sandbox) standOf(name string) bool {
	n := w.Bound.ByName[name]
	return n != nil && n.Per != graph.PerNone && column(n, "peildatum") >= 0
}

// misfits finds the cells that are no values of their columns. The transaction has failed, so a new
// one takes its place.
func (w *Sandbox) misfits(ctx context.Context, t *CaseRun, in *caseTable) (projectfile.Faults, error) {
	if err := w.Session.Exec(ctx, "rollback; begin transaction"); err != nil {
		return nil, err
	}
	types := map[string]string{}
	for _, c := range open(w.Bound, t.Node, map[string][]duck.Column{})[in.name] {
		types[strings.ToLower(c.Name)] = c.Type
	}
	var faults projectfile.Faults
	for _, row := range in.Rows {
		for i, v := range row.values {
			if v == nil {
				continue
			}
			kind := types[in.Columns[i]]
			got, err := w.Session.Row(ctx, "select try_cast("+quote.Literal(*v)+" as "+kind+")::varchar")
			if err != nil {
				return nil, fmt.Errorf("case %s of %s: %w", t.name, t.Node.Name, err)
			}
			if got[0] == nil {
				faults = append(faults, in.fault(row.Line, row.Cols[i], "", "%q is no %s", *v, kind))
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
