package pipeline

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/sql"
)

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
// a row, on the dates on which its check was judged; its state; and whether it is of the last of them.
//
// The state compares with the date before on which the check was judged, where a group without verdict
// was in order: nieuw (not in order, and it was or there was no opinion), open (as serious), erger,
// beter (not in order either), opgelost (in order, and it was not). A group that is in order by no
// longer being found gets a verdict that says so.
const findingsQuery = `
with
rangen(ernst, rang) as (
    values ('info', 1), ('waarschuwing', 2), ('alarm', 3), ('blokkerend', 4)
),
beoordeeld as (
    select *, row_number() over (partition by "check" order by peildatum) as nummer
    from (select distinct "check", peildatum from verdicts where groep is null)
),
gegeven as (
    select
        v.*, b.nummer, r.rang,
        lead(b.nummer) over (partition by v."check", v.groep order by b.nummer) as volgend_nummer
    from verdicts as v
    inner join beoordeeld as b on b."check" = v."check" and b.peildatum = v.peildatum
    left join rangen as r on r.ernst = v.ernst
    where v.groep is not null
),
verdwenen as (
    select b.peildatum, g."check", g.groep, g.tabel, b.nummer
    from gegeven as g
    inner join beoordeeld as b on b."check" = g."check" and b.nummer = g.nummer + 1
    where g.rang is not null and coalesce(g.volgend_nummer, 0) <> g.nummer + 1
),
alle as (
    select peildatum, "check", groep, tabel, ernst, waarde, drempel, teller, noemer, uitleg, actie, sleutels, query, bericht, nummer, rang
    from gegeven
    union all
    select peildatum, "check", groep, tabel, 'ok', null, null, null, null, 'Niet meer gevonden.', null, null, null, null, nummer, null
    from verdwenen
),
gevonden as (
    select
        *,
        nummer - row_number() over (partition by "check", groep, ernst order by nummer) as reeks,
        case when lag(nummer) over beloop = nummer - 1 then lag(rang) over beloop end as rang_ervoor
    from alle
    window beloop as (partition by "check", groep order by nummer)
),
laatste as (
    select "check", max(peildatum) as peildatum from beoordeeld group by "check"
)
select
    g.peildatum, g."check", g.groep, g.tabel, g.ernst, g.waarde, g.drempel, g.teller, g.noemer,
    min(g.peildatum) over (partition by g."check", g.groep, g.ernst, g.reeks) as sinds,
    g.uitleg,
    case
        when g.ernst = 'ok' and g.rang_ervoor is not null then 'opgelost'
        when g.rang is null then null
        when g.rang_ervoor is null then 'nieuw'
        when g.rang > g.rang_ervoor then 'erger'
        when g.rang < g.rang_ervoor then 'beter'
        else 'open'
    end as toestand,
    g.actie,
    g.sleutels,
    g.query,
    g.bericht,
    g.peildatum = l.peildatum as is_laatste
from gevonden as g
inner join laatste as l on l."check" = g."check"`

// findingsPrint is the fingerprint of all verdicts.
func (g *ground) findingsPrint() string {
	parts := []string{"findings"}
	for _, n := range g.bound.Checks {
		parts = append(parts, n.Name, g.unionPrint(n))
	}
	return fingerprint.Of(parts...)
}

// fillFindings makes memory.meta.bevindingen of the verdicts of all check queries, and notes its
// fingerprint.
func (c *Engine) fillFindings(ctx context.Context, s *duck.Session) error {
	var all []piece
	for _, n := range c.Graph.Checks {
		all = append(all, c.ground.pieces(n)...)
	}
	if err := c.trusted.check(files(all)); err != nil {
		return err
	}
	c.ground.meta[graph.Findings] = c.ground.findingsPrint()
	return putFindings(ctx, s, union(all, graph.VerdictColumns))
}

// putFindings makes memory.meta.bevindingen of a SELECT of verdicts.
func putFindings(ctx context.Context, s *duck.Session, verdicts string) error {
	query := strings.Replace(findingsQuery, "with\n", "with\nverdicts as materialized ("+verdicts+"),\n", 1)
	if err := s.Exec(ctx, "create or replace table memory.meta.bevindingen_alle as "+query); err != nil {
		return fmt.Errorf("put the findings together: %w", err)
	}
	return s.Exec(ctx, "create or replace view memory."+sql.Table("meta", graph.Findings)+" as select "+graph.Names(graph.MetaTables[graph.Findings])+" from memory.meta.bevindingen_alle")
}

// An AuditResult is what the checks found.
type AuditResult struct {
	Findings []ledger.Finding
	Blocks   []string // why publication is withheld
	Alarms   int      // on the last stand of each check
}

// recordFindings reads what the checks found on their last peildatum, and what blocks, into the ledger.
func recordFindings(ctx context.Context, c *Engine, late []ledger.Finding, counts map[string]int64) (res AuditResult, err error) {
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
	res.Alarms = c.Run.Checks[string(checks.Alarm)] + alarms(late)
	rows, err = s.Rows(ctx, `select "check", groep, ernst, peildatum::varchar, sinds::varchar, uitleg, is_laatste::varchar, coalesce(toestand, ''), coalesce(query, ''), coalesce(actie, '') from memory.meta.bevindingen_alle `+
		`where ernst = 'blokkerend' or (is_laatste and (ernst <> 'ok' or toestand = 'opgelost')) order by "check", groep, peildatum`)
	if err != nil {
		return res, err
	}
	for _, r := range rows {
		f := ledger.Finding{Check: *r[0], Group: *r[1], Ernst: *r[2], Peildatum: *r[3], Since: *r[4], Text: *r[5], State: *r[7], Query: *r[8], Action: *r[9]}
		if *r[6] == "true" {
			c.Run.Findings = append(c.Run.Findings, f)
		}
		if f.Ernst == string(checks.Blokkerend) {
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
