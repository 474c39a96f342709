package transform

import (
	"context"
	"fmt"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/sql/quote"
)

// findingsQuery adds to every verdict the first peildatum of its ernst in a row, among the dates on which its check
// was judged; its state; and whether its date is the last of them.
//
// The state compares with the previous date on which the check was judged; a group without a verdict was in order.
// It is nieuw (not in order, but it was, or there was no opinion), open (as serious), erger, beter (but not in order),
// or opgelost (in order, but it was not). A group that is no longer found gets a verdict that says so.
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

// FindingsFingerprint returns the fingerprint of all verdicts.
func (r *Resolver) FindingsFingerprint() string {
	parts := []string{"findings"}
	for _, n := range r.Bound.Checks {
		parts = append(parts, n.Name, r.unionFingerprint(n))
	}
	return fingerprint.Of(parts...)
}

// fillFindings creates memory.meta.bevindingen from the verdicts of all check queries, and records its
// fingerprint.
func (e *Engine) fillFindings(ctx context.Context, s *duck.Session) error {
	var all []Part
	for _, n := range e.Graph.Checks {
		all = append(all, e.Resolver.parts(n)...)
	}
	if err := e.verified.check(files(all)); err != nil {
		return err
	}
	e.Resolver.Meta[graph.Findings] = e.Resolver.FindingsFingerprint()
	return putFindings(ctx, s, Union(all, graph.VerdictColumns))
}

// putFindings creates memory.meta.bevindingen from a SELECT of verdicts.
func putFindings(ctx context.Context, s *duck.Session, verdicts string) error {
	query := strings.Replace(findingsQuery, "with\n", "with\nverdicts as materialized ("+verdicts+"),\n", 1)
	if err := s.Exec(ctx, "create or replace table memory.meta.bevindingen_alle as "+query); err != nil {
		return fmt.Errorf("combine the findings: %w", err)
	}
	return s.Exec(ctx, "create or replace view memory."+quote.Table("meta", graph.Findings)+" as select "+graph.Names(graph.MetaTables[graph.Findings])+" from memory.meta.bevindingen_alle")
}
