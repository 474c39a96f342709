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
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/pseudonym"
)

// Rounded is a number as findings are published: percentages with one digit, others with two,
// halves away from zero; nil stays NULL.
func Rounded(r *big.Rat, percentage bool) *string {
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

// Verdicts runs a check query and judges what it measured. A check that cannot be evaluated gives a
// verdict that blocks; the other checks of its query are then measured one by one.
func Verdicts(ctx context.Context, c *graph.CheckQuery, s *duck.Session, peildatum string) ([]map[string]any, error) {
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
		measures, err = c.Query.Measures(rows)
		err = unmeasurable(err)
	}
	if err != nil && !deterministic(err) {
		return nil, err
	}
	var out []map[string]any
	for _, id := range c.Query.Checks {
		out = append(out, map[string]any{"peildatum": peildatum, "check": id})
	}
	if err != nil && len(c.Query.Checks) > 1 {
		apart, err := measureApart(ctx, c, s, peildatum)
		return append(out, apart...), err
	}
	if err != nil {
		return append(out, failed(c, c.Query.Checks[0], peildatum, err)), nil
	}
	kept := map[string]map[string][][]*string{}
	for _, m := range measures {
		r, ok := c.Rule(m.Check)
		if !ok {
			return nil, fmt.Errorf("the query measured %s, which is no rule of it", m.Check)
		}
		m.Peildatum = day
		v := judge.Judge(r, m)
		row := map[string]any{
			"peildatum": peildatum, "check": v.Check, "groep": v.Group, "tabel": v.Table, "ernst": string(v.Ernst),
			"waarde": Rounded(v.Value, v.Percentage), "drempel": Rounded(v.Limit, false), "teller": Rounded(v.Teller, false),
			"noemer": Rounded(v.Noemer, false), "uitleg": v.Explanation,
		}
		message, err := json.Marshal(judge.NewMessage(r, m, v, c.Persons))
		if err != nil {
			return nil, err
		}
		row["bericht"] = string(message)
		if v.Ernst != rule.OK && v.Ernst != rule.GeenOordeel {
			row["query"] = judge.Rows(r, c.Table, m)
			if v.Action != "" {
				row["actie"] = v.Action
			}
			if kept[v.Check] == nil {
				if kept[v.Check], err = failingKeys(ctx, c, s, r); err != nil {
					return nil, err
				}
			}
			if keys := kept[v.Check][v.Group]; len(keys) > 0 {
				text, err := json.Marshal(keys)
				if err != nil {
					return nil, err
				}
				row["sleutels"] = string(text)
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// apart measures each rule of a query that failed as a whole by itself.
func measureApart(ctx context.Context, c *graph.CheckQuery, s *duck.Session, peildatum string) ([]map[string]any, error) {
	var out []map[string]any
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
func failed(c *graph.CheckQuery, id, peildatum string, err error) map[string]any {
	row := map[string]any{
		"peildatum": peildatum, "check": id, "groep": "alle", "tabel": c.Table.Schema + "." + c.Table.Name, "ernst": string(rule.Blokkerend),
		"uitleg": "Deze controle kan niet worden uitgevoerd en houdt daarom de publicatie tegen: " + pseudonym.WithoutValues(err) + ". Verbeter de controle of het model.",
	}
	if rule, ok := c.Rule(id); ok && rule.Select != "" {
		row["query"] = rule.Select
	}
	return row
}

// keys are the keys of failing rows by group: those columns of the key of the table that the rule's
// rows have. What cannot be named is not: a query that fails here has measured well.
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

// A measureError is a result that is not a measure.
type measureError struct{ err error }

func (e *measureError) Error() string { return e.err.Error() }

func (e *measureError) Unwrap() error { return e.err }

func unmeasurable(err error) error {
	if err == nil {
		return nil
	}
	return &measureError{err}
}

// lasting begin the errors that DuckDB would give again for the same rows. Others, such as a full disk
// or too little memory, say nothing about a check.
var lasting = []string{"Conversion Error", "Out of Range Error", "Invalid Input Error", "Binder Error", "Invalid Type Error", "Mismatch Type Error"}

// deterministic tells whether a check would fail in the same way every night.
func deterministic(err error) bool {
	var unmeasured *measureError
	var failure *duck.Error
	switch {
	case errors.As(err, &unmeasured):
		return true
	case errors.As(err, &failure):
		return slices.ContainsFunc(lasting, func(begin string) bool { return strings.HasPrefix(failure.Message, begin) })
	}
	return false
}
