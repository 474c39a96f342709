package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql"
)

// fill puts the rows of a case into a table that was made for it.
func (w *bench) fill(ctx context.Context, t *trial, in *caseTable) error {
	if len(in.rows) == 0 {
		return nil
	}
	columns := slices.Clone(in.columns)
	ofStand := w.standOf(in.name) && t.peildatum != "" && !slices.Contains(columns, "peildatum")
	if ofStand {
		columns = append(columns, "peildatum")
	}
	values := make([]string, len(in.rows))
	for i, row := range in.rows {
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
	err := w.session.Exec(ctx, "insert into "+sql.Table(schema, table)+" ("+sql.List(columns)+") values "+strings.Join(values, ", "))
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
func (w *bench) standOf(name string) bool {
	n := w.bound.nodes[name]
	return n != nil && n.per != perNone && n.column("peildatum") >= 0
}

// misfits finds the cells that are no values of their columns. The transaction has failed, so a new
// one takes its place.
func (w *bench) misfits(ctx context.Context, t *trial, in *caseTable) (projectfile.Faults, error) {
	if err := w.session.Exec(ctx, "rollback; begin transaction"); err != nil {
		return nil, err
	}
	types := map[string]string{}
	for _, c := range w.bound.open(t.node, map[string][]duck.Column{})[in.name] {
		types[strings.ToLower(c.Name)] = c.Type
	}
	var faults projectfile.Faults
	for _, row := range in.rows {
		for i, v := range row.values {
			if v == nil {
				continue
			}
			kind := types[in.columns[i]]
			got, err := w.session.Row(ctx, "select try_cast("+sql.Literal(*v)+" as "+kind+")::varchar")
			if err != nil {
				return nil, fmt.Errorf("case %s of %s: %w", t.name, t.node.name, err)
			}
			if got[0] == nil {
				faults = append(faults, in.fault(row.line, row.cols[i], "", "%q is no %s", *v, kind))
			}
		}
	}
	return faults, nil
}

func literal(v *string) string {
	if v == nil {
		return "null"
	}
	return sql.Literal(*v)
}
