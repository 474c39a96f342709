package publish

import (
	"fmt"
	"strings"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/ledger"
)

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
