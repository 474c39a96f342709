package publish

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/sql/model"
)

// budgetOf returns the limits on a mart: those of its budget. After a change of definition, no row may be
// removed or changed unless the budget sets a limit for that.
func budgetOf(g *graph.Graph, c *ledger.Change) model.Budget {
	var l model.Budget
	if n := g.ByName["marts."+c.Mart]; n != nil && n.Model.Budget != nil {
		l = *n.Model.Budget
	}
	if c.Redefined {
		l.Removed, l.Changed = cmp.Or(l.Removed, noRows), cmp.Or(l.Changed, noRows)
	}
	return l
}

// noRows is the limit on removed and changed rows after a change of definition, if the budget sets none.
var noRows = &model.Limit{Text: "0", Value: new(big.Rat)}

// over says in Dutch which limits a change exceeds. A table or column that disappears, and a published
// file that cannot be compared, exceed any limit.
func over(c ledger.Change, l model.Budget) []string {
	var said []string
	switch {
	case c.Gone:
		return []string{fmt.Sprintf("de tabel verdwijnt, met %s", rowsOf(c.Rows))}
	case c.Damaged:
		return []string{"wat nu is gepubliceerd is beschadigd, zodat niet te zien is wat er verandert"}
	}
	for _, name := range c.Lost {
		said = append(said, fmt.Sprintf("kolom %s verdwijnt", name))
	}
	whole := new(big.Rat).SetInt64(c.Rows)
	for _, rows := range []struct {
		Limit     *model.Limit
		N         int64
		One, More string
	}{{l.Removed, c.Removed, "verdwijnt", "verdwijnen"}, {l.Changed, c.Changed, "verandert", "veranderen"}, {l.Added, c.Added, "komt erbij", "komen erbij"}} {
		if rows.Limit != nil && rows.Limit.Exceeded(new(big.Rat).SetInt64(rows.N), whole) {
			verb := rows.More
			if rows.N == 1 {
				verb = rows.One
			}
			said = append(said, fmt.Sprintf("%s van de %s %s (grens %s)", rowsOf(rows.N), dutch.Integer(c.Rows), verb, rows.Limit.Text))
		}
	}
	for _, m := range l.Moved {
		i := slices.IndexFunc(c.Columns, func(col ledger.ColumnChange) bool { return col.Column == m.Column })
		if i < 0 || !movedBeyond(c.Columns[i], m.Limit) {
			continue
		}
		said = append(said, fmt.Sprintf("kolom %s verschuift met %s (grens %s)", m.Column, farthest(c.Columns[i]), m.Text))
	}
	return said
}

// movedBeyond reports whether a column moved beyond a limit in any row.
func movedBeyond(c ledger.ColumnChange, l model.Limit) bool {
	if l.Percent {
		return c.FromNothing > 0 || amount(c.Relative).Cmp(l.Value) > 0
	}
	return amount(c.Largest).Cmp(l.Value) > 0
}

// amount parses a number from the database; "" is 0.
func amount(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}

func rowsOf(n int64) string { return dutch.Counted(n, "rij", "rijen") }

// farthest says in Dutch how far a column moved at most: as a number and as a percentage of a row. It
// masks fewer than five persons; inbeeld show has the number.
func farthest(c ledger.ColumnChange) string {
	if dutch.IsFew(amount(c.Largest)) {
		return dutch.Few
	}
	text := "ten hoogste " + dutch.Exact(amount(c.Largest), 0, 6)
	if c.Relative != "" && c.Relative != "0" {
		text += " en ten hoogste " + dutch.Percentage(amount(c.Relative))
	}
	if c.FromNothing > 0 {
		text += ", ook van niets"
	}
	return text
}

// Waiting says in Dutch, in a line per mart, what waits for approval and why.
func Waiting(changes []ledger.Change, deliveries []string) []string {
	var lines []string
	for _, c := range changes {
		if len(c.Over) == 0 {
			continue
		}
		line := fmt.Sprintf("%s: %s.", c.Mart, strings.Join(c.Over, ", "))
		var columns []string
		for _, col := range c.Columns {
			text := fmt.Sprintf("%s in %s", col.Column, rowsOf(col.Rows))
			if col.Largest != "" {
				text += ", " + farthest(col)
			}
			columns = append(columns, text)
		}
		if len(columns) > 0 {
			line += " Het gaat om " + strings.Join(columns, "; ") + "."
		}
		lines = append(lines, line+" "+cause(c, deliveries))
	}
	return lines
}

// cause says in Dutch where a change comes from.
func cause(c ledger.Change, deliveries []string) string {
	came := ""
	if len(deliveries) > 0 {
		came = "nieuwe leveringen (" + strings.Join(deliveries, ", ") + ")"
	}
	defined := "een andere definitie"
	switch {
	case c.Gone:
		defined = "de tabel is niet meer gedefinieerd"
	case len(c.Causes) > 0:
		defined += " (" + strings.Join(c.Causes, ", ") + ")"
	}
	switch {
	case !c.Redefined && came == "":
		return "Oorzaak: andere leveringen of besluiten; de definitie is dezelfde."
	case !c.Redefined:
		return "Oorzaak: " + came + "; de definitie is dezelfde."
	case came == "":
		return "Oorzaak: " + defined + "."
	}
	return "Oorzaak: " + defined + ", of " + came + " die tegelijk kwamen."
}
