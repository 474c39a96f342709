package publish

import (
	"fmt"
	"strings"

	"inbeeld/pipeline/internal/ledger"
)

// rowsOf is a number of rows, in Dutch.
func rowsOf(n int64) string {
	if n == 1 {
		return "1 rij"
	}
	return fmt.Sprintf("%d rijen", n)
}

// farthest is how far a column moved at most, in Dutch: as a number, and in any row as a percentage. What
// may be fewer than five persons is not told; inbeeld show has it.
func farthest(c ledger.ColumnChange) string {
	if amount(c.Largest).Cmp(amount("5")) < 0 {
		return "minder dan 5"
	}
	text := "ten hoogste " + comma(c.Largest)
	if c.Relative != "" && c.Relative != "0" {
		text += fmt.Sprintf(" en ten hoogste %s%%", comma(amount(c.Relative).FloatString(1)))
	}
	if c.FromNothing > 0 {
		text += ", ook van niets"
	}
	return text
}

func comma(number string) string { return strings.Replace(number, ".", ",", 1) }

// waitingFor says in Dutch, a line for each mart, what waits for approval and why.
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
