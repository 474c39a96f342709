package audit

import (
	"context"
	"fmt"
	"slices"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/transform"
)

// A Result is what the checks found.
type Result struct {
	Findings []ledger.Finding
	Blocks   []string // why publication is blocked
	Alarms   int      // on the last stand of each check
}

// Record records in the ledger what the checks found on their last peildatum, and what blocks.
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
	verdicts, err := transform.Findings(ctx, s, `from memory.meta.bevindingen_alle where ernst = 'blokkerend' or (is_laatste and (ernst <> 'ok' or toestand = 'opgelost')) order by "check", groep, peildatum`)
	if err != nil {
		return res, err
	}
	for _, v := range verdicts {
		msg := v.Readable()
		f := ledger.Finding{
			Check: v.Check, Group: v.Group, Ernst: string(v.Ernst), Peildatum: v.Peildatum, Since: v.Since, State: v.State, Query: v.Query,
			Title: msg.Title, Text: msg.Text, Value: msg.Value, Limit: msg.Limit, Teller: msg.Teller, Noemer: msg.Noemer,
		}
		if v.Action != "" {
			f.Action = msg.Action
		}
		if v.Last {
			c.Run.Findings = append(c.Run.Findings, f)
		}
		if v.Ernst == rule.Blokkerend {
			res.Blocks = append(res.Blocks, blockText(f))
		}
	}
	res.Findings = c.Run.Findings
	return res, nil
}

// blockText states why a finding blocks publication.
func blockText(f ledger.Finding) string {
	return fmt.Sprintf("%s (%s, %s): %s", f.Check, f.Group, f.Peildatum, f.Text)
}
