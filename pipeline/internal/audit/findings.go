package audit

import (
	"context"
	"fmt"
	"slices"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/transform"
)

// An AuditResult is what the checks found.
type Result struct {
	Findings []ledger.Finding
	Blocks   []string // why publication is withheld
	Alarms   int      // on the last stand of each check
}

// recordFindings reads what the checks found on their last peildatum, and what blocks, into the ledger.
func Record(ctx context.Context, c *transform.Engine, late []ledger.Finding, counts map[string]int64) (res Result, err error) {
	s := c.Session(0)
	rows, err := s.Rows(ctx, `select ernst, count(*)::varchar, sum(is_laatste::int)::varchar from memory.meta.bevindingen_alle group by ernst`)
	if err != nil {
		return res, err
	}
	c.Run.Checks, c.Run.Findings = map[string]int{}, slices.Clone(late)
	for _, r := range rows {
		counts["verdicts"] += duck.Number(r[1])
		if n := duck.Number(r[2]); n > 0 {
			c.Run.Checks[*r[0]] = int(n)
		}
	}
	res.Alarms = c.Run.Checks[string(rule.Alarm)] + Alarms(late)
	rows, err = s.Rows(ctx, `select "check", groep, ernst, peildatum::varchar, sinds::varchar, uitleg, is_laatste::varchar, coalesce(toestand, ''), coalesce(query, ''), coalesce(actie, ''), coalesce(bericht, '') from memory.meta.bevindingen_alle `+
		`where ernst = 'blokkerend' or (is_laatste and (ernst <> 'ok' or toestand = 'opgelost')) order by "check", groep, peildatum`)
	if err != nil {
		return res, err
	}
	for _, r := range rows {
		msg, err := judge.ReadMessage(*r[0], *r[10], *r[5])
		if err != nil {
			return res, err
		}
		f := ledger.Finding{
			Check: *r[0], Group: *r[1], Ernst: *r[2], Peildatum: *r[3], Since: *r[4], State: *r[7], Query: *r[8],
			Title: msg.Title, Text: msg.Text, Value: msg.Value, Limit: msg.Limit, Teller: msg.Teller, Noemer: msg.Noemer,
		}
		if *r[9] != "" {
			f.Action = msg.Action
		}
		if *r[6] == "true" {
			c.Run.Findings = append(c.Run.Findings, f)
		}
		if f.Ernst == string(rule.Blokkerend) {
			res.Blocks = append(res.Blocks, blockText(f))
		}
	}
	res.Findings = c.Run.Findings
	return res, nil
}

// blockText says why a finding withholds publication.
func blockText(f ledger.Finding) string {
	return fmt.Sprintf("%s (%s, %s): %s", f.Check, f.Group, f.Peildatum, f.Text)
}
