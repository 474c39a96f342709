package transform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/pseudonym"
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

// Verdicts runs a check query on a peildatum and judges what it measured. First comes a verdict without
// ernst for each check: it was judged. A check that cannot be evaluated blocks; the other checks of its query are
// then measured one by one.
func Verdicts(ctx context.Context, c *graph.CheckQuery, s *duck.Session, peildatum string) ([]judge.Verdict, error) {
	if peildatum == "" {
		return nil, nil // nothing was ever delivered
	}
	day, err := time.Parse(time.DateOnly, peildatum)
	if err != nil {
		return nil, err
	}
	rows, err := s.Rows(ctx, c.Query.SQL)
	var measures []judge.Measure
	if err == nil {
		if measures, err = c.Query.Measures(rows); err != nil {
			err = &measureError{err}
		}
	}
	if err != nil && !deterministic(err) {
		return nil, err
	}
	var out []judge.Verdict
	for _, id := range c.Query.Checks {
		out = append(out, judge.Verdict{Peildatum: peildatum, Check: id})
	}
	if err != nil && len(c.Query.Checks) > 1 {
		separate, err := measureSeparately(ctx, c, s, peildatum)
		return append(out, separate...), err
	}
	if err != nil {
		return append(out, failed(c, c.Query.Checks[0], peildatum, err)), nil
	}
	keys := map[string]map[string][][]*string{} // by check and group
	for _, m := range measures {
		r, ok := c.Rule(m.Check)
		if !ok {
			return nil, fmt.Errorf("the query measured %s, which is not one of its rules", m.Check)
		}
		m.Peildatum = day
		v := judge.Judge(r, m)
		v.Peildatum, v.Message = peildatum, judge.NewMessage(r, m, v, c.Persons)
		if v.Ernst == rule.OK || v.Ernst == rule.GeenOordeel {
			v.Action = ""
		} else {
			v.Query = judge.Rows(r, c.Table, m)
			if keys[v.Check] == nil {
				if keys[v.Check], err = failingKeys(ctx, c, s, r); err != nil {
					return nil, err
				}
			}
			v.Keys = keys[v.Check][v.Group]
		}
		out = append(out, v)
	}
	return out, nil
}

// measureSeparately measures each rule of a failed query by itself.
func measureSeparately(ctx context.Context, c *graph.CheckQuery, s *duck.Session, peildatum string) ([]judge.Verdict, error) {
	var out []judge.Verdict
	for _, id := range c.Query.Checks {
		r, _ := c.Rule(id)
		for _, q := range judge.Compile(c.Table, []rule.Rule{r}) {
			one := &graph.CheckQuery{Table: c.Table, Query: q, Rules: c.Rules, Persons: c.Persons}
			verdicts, err := Verdicts(ctx, one, s, peildatum)
			if err != nil {
				return nil, err
			}
			out = append(out, verdicts[1:]...)
		}
	}
	return out, nil
}

// failed is the verdict on a check that cannot be evaluated.
func failed(c *graph.CheckQuery, id, peildatum string, err error) judge.Verdict {
	r, _ := c.Rule(id)
	return judge.Verdict{
		Peildatum: peildatum, Check: id, Group: "alle", Table: c.Table.Schema + "." + c.Table.Name, Ernst: rule.Blokkerend, Query: r.Select,
		Explanation: "Deze controle kan niet worden uitgevoerd en houdt daarom de publicatie tegen: " + pseudonym.WithoutValues(err) + ". Verbeter de controle of het model.",
	}
}

// failingKeys returns the keys of failing rows by group, in the key columns that the rows of the rule have. A
// query that fails here still measured well: its keys are left out.
func failingKeys(ctx context.Context, c *graph.CheckQuery, s *duck.Session, rule rule.Rule) (map[string][][]*string, error) {
	key := c.Table.Key
	if rule.Select != "" {
		columns, err := s.Describe(ctx, rule.Select)
		if err != nil {
			return nil, fmt.Errorf("name the rows of check %s: %w", rule.ID(), err)
		}
		key = slices.DeleteFunc(slices.Clone(key), func(name string) bool {
			return !slices.ContainsFunc(columns, func(c duck.Column) bool { return strings.EqualFold(c.Name, name) })
		})
	}
	query := judge.Keys(rule, c.Table, key)
	if query == "" {
		return map[string][][]*string{}, nil
	}
	rows, err := s.Rows(ctx, query)
	if err != nil && !deterministic(err) {
		return nil, fmt.Errorf("name the rows of check %s: %w", rule.ID(), err)
	}
	return judge.KeysByGroup(rule, rows), nil
}

// A measureError means that a result is not a measure.
type measureError struct{ error }

// lasting are the beginnings of DuckDB errors that the same rows would give again. Others, such as a full disk or too
// little memory, say nothing about a check.
var lasting = []string{"Conversion Error", "Out of Range Error", "Invalid Input Error", "Binder Error", "Invalid Type Error", "Mismatch Type Error"}

// deterministic reports whether a check would fail in the same way every night.
func deterministic(err error) bool {
	var unmeasured *measureError
	var failure *duck.Error
	return errors.As(err, &unmeasured) || errors.As(err, &failure) &&
		slices.ContainsFunc(lasting, func(begin string) bool { return strings.HasPrefix(failure.Message, begin) })
}

// A verdictRow is a stored verdict: a row of graph.VerdictColumns.
type verdictRow struct {
	Peildatum   string  `json:"peildatum"`
	Check       string  `json:"check"`
	Group       *string `json:"groep"` // nil: the check was judged
	Table       *string `json:"tabel"`
	Ernst       *string `json:"ernst"`
	Value       *string `json:"waarde"`
	Limit       *string `json:"drempel"`
	Teller      *string `json:"teller"`
	Noemer      *string `json:"noemer"`
	Explanation *string `json:"uitleg"`
	Action      *string `json:"actie"`
	Keys        *string `json:"sleutels"` // JSON
	Query       *string `json:"query"`
	Message     *string `json:"bericht"` // JSON
}

func rowOf(v judge.Verdict) (verdictRow, error) {
	row := verdictRow{Peildatum: v.Peildatum, Check: v.Check}
	if v.Ernst == "" {
		return row, nil
	}
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	ernst := string(v.Ernst)
	row.Group, row.Table, row.Ernst, row.Explanation = &v.Group, &v.Table, &ernst, &v.Explanation
	row.Value, row.Limit = judge.Rounded(v.Value, v.Percentage), judge.Rounded(v.Limit, false)
	row.Teller, row.Noemer = judge.Rounded(v.Teller, false), judge.Rounded(v.Noemer, false)
	row.Action, row.Query = optional(v.Action), optional(v.Query)
	for _, c := range []struct {
		column  **string
		content any
		present bool
	}{{&row.Keys, v.Keys, len(v.Keys) > 0}, {&row.Message, v.Message, v.Message != judge.Message{}}} {
		if c.present {
			text, err := json.Marshal(c.content)
			if err != nil {
				return row, err
			}
			*c.column = optional(string(text))
		}
	}
	return row, nil
}

// A findingRow is a row of meta.bevindingen_alle.
type findingRow struct {
	verdictRow
	Since *string `json:"sinds"`
	State *string `json:"toestand"`
	Last  string  `json:"is_laatste"`
}

// Findings returns the verdicts in memory.meta.bevindingen_alle that a query without its SELECT chooses, such as "from
// memory.meta.bevindingen_alle where is_laatste". Their numbers are rounded as published.
func Findings(ctx context.Context, s *duck.Session, from string) ([]judge.Verdict, error) {
	rows, err := duck.Select[findingRow](ctx, s, "select columns(*)::varchar "+from)
	if err != nil {
		return nil, err
	}
	verdicts := make([]judge.Verdict, len(rows))
	for i, row := range rows {
		if verdicts[i], err = row.verdict(); err != nil {
			return nil, fmt.Errorf("the stored verdict of %s on %s cannot be read; run with --full-refresh to judge again: %w", row.Check, row.Peildatum, err)
		}
	}
	return verdicts, nil
}

func (row findingRow) verdict() (v judge.Verdict, err error) {
	number := func(text *string) *big.Rat {
		if text == nil {
			return nil
		}
		n, ok := new(big.Rat).SetString(*text)
		if !ok {
			err = fmt.Errorf("%q is no number", *text)
		}
		return n
	}
	v = judge.Verdict{
		Peildatum: row.Peildatum, Check: row.Check, Group: duck.Text(row.Group), Table: duck.Text(row.Table), Ernst: rule.Ernst(duck.Text(row.Ernst)),
		Value: number(row.Value), Limit: number(row.Limit), Teller: number(row.Teller), Noemer: number(row.Noemer),
		Explanation: duck.Text(row.Explanation), Action: duck.Text(row.Action), Query: duck.Text(row.Query),
		Since: duck.Text(row.Since), State: duck.Text(row.State), Last: row.Last == "true",
	}
	if row.Keys != nil {
		err = errors.Join(err, json.Unmarshal([]byte(*row.Keys), &v.Keys))
	}
	if row.Message != nil {
		err = errors.Join(err, json.Unmarshal([]byte(*row.Message), &v.Message))
	}
	return v, err
}
