package publish

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/sql/model"
)

// budgetOf returns the limits on a mart: those of its budget. After a change of definition, no row may be
// removed or changed unless the budget sets a limit for that.
func budgetOf(b *model.Budget, redefined bool) model.Budget {
	var l model.Budget
	if b != nil {
		l = *b
	}
	if redefined {
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
		Limit *model.Limit
		N     int64
		One   string
		More  string
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
