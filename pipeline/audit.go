package pipeline

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/sql"
)

// verdictColumns are the columns of the results of check queries. A row without groep says that a
// check was judged, so that a group that is missing is known to be in order.
var verdictColumns = []duck.Column{
	{Name: "peildatum", Type: "DATE"}, {Name: "check", Type: "VARCHAR"}, {Name: "groep", Type: "VARCHAR"}, {Name: "tabel", Type: "VARCHAR"},
	{Name: "ernst", Type: "VARCHAR"}, {Name: "waarde", Type: "DECIMAL(18,2)"}, {Name: "drempel", Type: "DECIMAL(18,2)"}, {Name: "teller", Type: "DECIMAL(18,2)"},
	{Name: "noemer", Type: "DECIMAL(18,2)"}, {Name: "uitleg", Type: "VARCHAR"},
}

// judge holds what a check query measured against the limits of its rules.
func judge(c *checkQuery, rows [][]*string, peildatum string) ([]map[string]any, error) {
	if peildatum == "" {
		return nil, nil // nothing was ever delivered
	}
	day, err := time.Parse(time.DateOnly, peildatum)
	if err != nil {
		return nil, err
	}
	measures, err := c.query.Measures(rows)
	if err != nil {
		return nil, err
	}
	rules := map[string]checks.Rule{}
	for _, r := range c.rules {
		rules[r.ID()] = r
	}
	var out []map[string]any
	for _, id := range c.query.Checks {
		out = append(out, map[string]any{"peildatum": peildatum, "check": id})
	}
	for _, m := range measures {
		rule, ok := rules[m.Check]
		if !ok {
			return nil, fmt.Errorf("the query measured %s, which is no rule of it", m.Check)
		}
		m.Peildatum = day
		v := rule.Judge(m)
		out = append(out, map[string]any{
			"peildatum": peildatum, "check": v.Check, "groep": v.Group, "tabel": v.Table, "ernst": string(v.Ernst),
			"waarde": rounded(v.Value, v.Percentage), "drempel": rounded(v.Limit, false), "teller": rounded(v.Teller, false),
			"noemer": rounded(v.Noemer, false), "uitleg": v.Explanation,
		})
	}
	return out, nil
}

// rounded is a number as findings are published: percentages with one digit, others with two,
// halves away from zero; nil stays NULL.
func rounded(r *big.Rat, percentage bool) *string {
	if r == nil {
		return nil
	}
	digits := 2
	if percentage {
		digits = 1
	}
	text := r.FloatString(digits)
	return &text
}

// findingsQuery adds to every verdict since when it has been so: the first peildatum of its ernst in
// a row, on the dates on which its check was judged; and whether it is of the last of them.
const findingsQuery = `
with
beoordeeld as (
    select *, row_number() over (partition by "check" order by peildatum) as nummer
    from (select distinct "check", peildatum from verdicts where groep is null)
),
gevonden as (
    select
        v.*,
        b.nummer,
        b.nummer - row_number() over (partition by v."check", v.groep, v.ernst order by v.peildatum) as reeks
    from verdicts as v
    inner join beoordeeld as b on b."check" = v."check" and b.peildatum = v.peildatum
    where v.groep is not null
),
laatste as (
    select "check", max(peildatum) as peildatum from beoordeeld group by "check"
)
select
    g.peildatum, g."check", g.groep, g.tabel, g.ernst, g.waarde, g.drempel, g.teller, g.noemer,
    min(g.peildatum) over (partition by g."check", g.groep, g.ernst, g.reeks) as sinds,
    g.uitleg,
    g.peildatum = l.peildatum as is_laatste
from gevonden as g
inner join laatste as l on l."check" = g."check"`

// findingsPrint is the fingerprint of all verdicts.
func (g *ground) findingsPrint() string {
	parts := []string{"findings"}
	for _, n := range g.bound.checks {
		parts = append(parts, n.name, g.unionPrint(n))
	}
	return digest(parts...)
}

// fillFindings makes memory.meta.bevindingen of the verdicts of all check queries, and notes its
// fingerprint.
func (c *computing) fillFindings(ctx context.Context, s *duck.Session) error {
	var all []piece
	for _, n := range c.bound.checks {
		all = append(all, c.ground.pieces(n)...)
	}
	if err := c.trusted.check(files(all)); err != nil {
		return err
	}
	c.ground.meta[findings] = c.ground.findingsPrint()
	query := strings.Replace(findingsQuery, "with\n", "with\nverdicts as ("+union(all, verdictColumns)+"),\n", 1)
	if err := s.Exec(ctx, "create or replace table memory.meta.bevindingen_alle as "+query); err != nil {
		return fmt.Errorf("put the findings together: %w", err)
	}
	return s.Exec(ctx, "create or replace view memory."+sql.Table("meta", findings)+" as select "+names(metaTables[findings])+" from memory.meta.bevindingen_alle")
}

// record reads what the checks found on their last peildatum, and what blocks.
func (c *computing) record(ctx context.Context, s *duck.Session, counts map[string]int64) error {
	rows, err := s.Rows(ctx, `select ernst, count(*)::varchar, sum(is_laatste::int)::varchar from memory.meta.bevindingen_alle group by ernst`)
	if err != nil {
		return err
	}
	c.run.Checks = map[string]int{}
	for _, r := range rows {
		counts["verdicts"] += number(r[1])
		if n := number(r[2]); n > 0 {
			c.run.Checks[*r[0]] = int(n)
		}
	}
	c.result.Alarms = c.run.Checks[string(checks.Alarm)]
	rows, err = s.Rows(ctx, `select "check", groep, ernst, peildatum::varchar, sinds::varchar, uitleg, is_laatste::varchar from memory.meta.bevindingen_alle `+
		`where ernst = 'blokkerend' or (is_laatste and ernst <> 'ok') order by "check", groep, peildatum`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		f := ledger.Finding{Check: *r[0], Group: *r[1], Ernst: *r[2], Peildatum: *r[3], Since: *r[4], Text: *r[5]}
		if *r[6] == "true" {
			c.run.Findings = append(c.run.Findings, f)
		}
		if f.Ernst == string(checks.Blokkerend) {
			c.result.Blocks = append(c.result.Blocks, fmt.Sprintf("%s (%s, %s): %s", f.Check, f.Group, f.Peildatum, f.Text))
		}
	}
	c.result.Findings = c.run.Findings
	return nil
}
