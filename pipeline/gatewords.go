package pipeline

import (
	"fmt"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/notify"
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
func waitingFor(changes []ledger.Change, deliveries []string) []string {
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

// waiting are the verdicts on a publication that waits for a person. One that waits for a changed definition
// is told once, in the notice about definitions; one that waits for a budget is an alert like others.
func (r *Teller) waiting() []notify.Verdict {
	budget := notify.Verdict{
		Check: "wijzigingsbudget", Group: "alle", Title: "cijfers wachten op goedkeuring", Ernst: string(checks.OK),
		Text: "De cijfers veranderen niet meer dan mag.", Audience: []string{notify.DataTeam},
	}
	if r.Run.Hold == nil {
		return []notify.Verdict{budget}
	}
	text := "De publicatie wacht op goedkeuring. " + strings.Join(waitingFor(r.Run.Changes, r.Run.Hold.Deliveries), " ")
	action := fmt.Sprintf("Bekijk het met: inbeeld show %s. Klopt het, keur het dan goed met: inbeeld approve %s --reason '…'. Klopt het niet, draai de wijziging dan terug.", r.Run.ID, r.Run.ID)
	var marts []string
	for _, c := range r.Run.Changes {
		if len(c.Over) > 0 {
			marts = append(marts, c.Mart)
		}
	}
	v := budget
	v.Ernst, v.Text, v.Action, v.Affects = notify.Blokkerend, text, action, marts
	if r.Run.Hold.Redefined == "" {
		return []notify.Verdict{v}
	}
	v.Check, v.Group = notify.Redefined, r.Run.Hold.Redefined
	return []notify.Verdict{budget, v}
}
