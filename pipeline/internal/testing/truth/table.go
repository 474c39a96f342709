package truth

import (
	"fmt"
	"slices"
	"strings"
)

// A Table is a mart.
type Table struct {
	Name    string
	Grain   []string
	Columns []string
	Rows    [][]string // in the order of Columns
}

// newTable returns a mart without rows. Its grain and columns are names with white space between them.
func newTable(name, grain, columns string) *Table {
	return &Table{Name: name, Grain: strings.Fields(grain), Columns: strings.Fields(columns)}
}

func (t *Table) add(cells ...string) {
	if len(cells) != len(t.Columns) {
		panic(fmt.Sprintf("truth: a row of %s has %d cells for %d columns", t.Name, len(cells), len(t.Columns)))
	}
	t.Rows = append(t.Rows, cells)
}

// Differences returns one line for each difference between a published table and this one. The order of
// rows is irrelevant; that of columns is not.
func (t *Table) Differences(columns []string, rows [][]string) []string {
	if !slices.Equal(t.Columns, columns) {
		return []string{fmt.Sprintf("%s: columns %v, expected %v", t.Name, columns, t.Columns)}
	}
	var lines []string
	expected, got := t.byGrain(t.Rows), t.byGrain(rows)
	for _, of := range []struct {
		what string
		rows map[string][][]string
	}{{"expected", expected}, {"published", got}} {
		for grain, same := range of.rows {
			if len(same) > 1 {
				lines = append(lines, fmt.Sprintf("%s %s: %s %d times", t.Name, grain, of.what, len(same)))
			}
		}
	}
	for grain, want := range expected {
		have, ok := got[grain]
		if !ok {
			lines = append(lines, fmt.Sprintf("%s %s: missing; expected %s", t.Name, grain, t.show(want[0])))
			continue
		}
		for i, c := range t.Columns {
			if want[0][i] != have[0][i] {
				lines = append(lines, fmt.Sprintf("%s %s: %s expected %q, got %q", t.Name, grain, c, want[0][i], have[0][i]))
			}
		}
	}
	for grain, have := range got {
		if _, ok := expected[grain]; !ok {
			lines = append(lines, fmt.Sprintf("%s %s: not expected; got %s", t.Name, grain, t.show(have[0])))
		}
	}
	slices.Sort(lines)
	return lines
}

func (t *Table) byGrain(rows [][]string) map[string][][]string {
	out := map[string][][]string{}
	for _, row := range rows {
		var grain []string
		for _, g := range t.Grain {
			grain = append(grain, row[slices.Index(t.Columns, g)])
		}
		key := "[" + strings.Join(grain, " | ") + "]"
		out[key] = append(out[key], row)
	}
	return out
}

// show returns the cells of a row outside its grain.
func (t *Table) show(row []string) string {
	var cells []string
	for i, c := range t.Columns {
		if !slices.Contains(t.Grain, c) {
			cells = append(cells, c+"="+row[i])
		}
	}
	return strings.Join(cells, " ")
}

// A Size counts people on a date in the rows as delivered, without gemeente, categorie or any other
// dimension of a mart.
type Size struct {
	Personen, Klanten, Clienten, Lopend int
}

// Size counts the deliveries in force on a date.
func (w *World) Size(date string) Size {
	distinct := func(source string, counts func(Row) bool) int {
		personen := map[string]bool{}
		for _, r := range w.rows(source, date) {
			if counts(r) {
				personen[r["persoon_id"]] = true
			}
		}
		return len(personen)
	}
	n := Size{
		Personen: distinct(register, func(r Row) bool {
			return between(r["begindatum"], r["einddatum"], date) && r["begindatum"] != r["einddatum"]
		}),
		Klanten:  distinct(sonar, func(Row) bool { return true }),
		Clienten: distinct(clients, func(Row) bool { return true }),
	}
	for _, r := range w.rows(placement, date) {
		if between(r["begindatum"], r["einddatum"], date) {
			n.Lopend++
		}
	}
	return n
}
