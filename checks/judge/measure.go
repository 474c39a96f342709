package judge

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"inbeeld/checks/rule"
	"inbeeld/sql/quote"
)

// allRows is the group of a check without per.
const allRows = "alle"

// A Measure is the result of a query for one check and one group. [rule.Kind] defines its numbers; nil
// means that there is none. Group joins the values of the columns under per with " / "; with several columns,
// slashes in values are doubled so that names are unique. NULL and the empty text become "(leeg)".
type Measure struct {
	Check, Group          string
	GroupValues           map[string]string // by column under per
	Teller, Noemer, Value *big.Rat
	Earlier               map[rule.Stand]*big.Rat // the value on each earlier stand that had one
	Few                   bool                    // distribution and outlier: a count below five contributes to the numbers
	Detail                string                  // distribution: the category; constant_or_empty: the columns
	Peildatum             time.Time               // set by the caller, for explanations and periods
}

// Measures reads the rows of the result of the query; nil is NULL. Measures are ordered by rule, as
// passed to [Compile], then by group. A check without per always has exactly one.
func (q Query) Measures(rows [][]*string) ([]Measure, error) {
	var out []Measure
	for _, p := range q.parts {
		measures, err := p.measures(rows, q.width)
		if err != nil {
			return nil, fmt.Errorf("measure check %s: %w", p.rule.ID(), err)
		}
		out = append(out, measures...)
	}
	return out, nil
}

func (p part) measures(rows [][]*string, width int) ([]Measure, error) {
	groups, err := p.collect(rows, width, p.mark)
	if err != nil {
		return nil, err
	}
	earlier := map[rule.Stand]map[string]*tally{}
	for _, s := range p.stands {
		if earlier[s], err = p.collect(rows, width, p.mark+string(s)); err != nil {
			return nil, err
		}
	}
	out := make([]Measure, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		p.finish(g, groups)
		for _, s := range p.stands {
			then := earlier[s][name]
			if then == nil || then.rows.Sign() == 0 {
				continue
			}
			if p.rule.Kind == rule.VolumeChange {
				g.Noemer, g.Value = then.Teller, change(g.Teller, then.Teller)
				continue
			}
			p.finish(then, earlier[s])
			if then.Value != nil && !tooFew(p.rule, weight(p.rule, then.Measure)) {
				g.Earlier[s] = then.Value
				g.Few = g.Few || then.Few
			}
		}
		out = append(out, g.Measure)
	}
	return out, nil
}

// tooFew reports whether a noemer is below min_denominator.
func tooFew(r rule.Rule, noemer *big.Rat) bool {
	return r.MinDenominator != nil && (noemer == nil || noemer.Cmp(r.MinDenominator) < 0)
}

// A tally sums the rows of the result for one group.
type tally struct {
	Measure
	rows      *big.Rat           // row count of the table, if counted
	sum, over *big.Rat           // outlier: the sums of numerator and denominator
	shares    []category         // distribution
	spans     map[int][]*big.Rat // constant_or_empty: least and greatest hashes by column
	single    *string            // sql_value: the value
	seen      bool
}

// A category is one value of a distribution, with its row counts on the current and earlier stand.
type category struct {
	name      string
	now, then *big.Rat
}

// collect sums the rows with a mark by group.
func (p part) collect(rows [][]*string, width int, mark string) (map[string]*tally, error) {
	groups := map[string]*tally{}
	if len(p.per) == 0 {
		groups[allRows] = p.start(nil)
	}
	for _, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("the result has %d columns, not %d", len(row), width)
		}
		if p.mark != "" && (row[0] == nil || *row[0] != mark) {
			continue
		}
		if p.present >= 0 && len(p.per) > 0 {
			there, err := number(row[p.present])
			if err != nil {
				return nil, err
			}
			if there.Sign() == 0 {
				continue
			}
		}
		values := make([]string, len(p.per))
		for i, column := range p.per {
			if row[column] == nil {
				return nil, fmt.Errorf("group column %d of the result is NULL", column+1)
			}
			values[i] = *row[column]
		}
		name := groupName(values)
		if groups[name] == nil {
			groups[name] = p.start(values)
		}
		if err := p.add(groups[name], row); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// start returns an empty tally of a group.
func (p part) start(values []string) *tally {
	m := &tally{Measure: Measure{
		Check: p.rule.ID(), Group: groupName(values), GroupValues: map[string]string{}, Teller: new(big.Rat), Earlier: map[rule.Stand]*big.Rat{},
	}, rows: new(big.Rat), spans: map[int][]*big.Rat{}}
	for i, column := range p.rule.Per {
		m.GroupValues[column] = values[i]
	}
	if p.noemer >= 0 {
		m.Noemer = new(big.Rat)
	}
	if p.value >= 0 {
		m.Value = new(big.Rat)
	}
	m.sum, m.over = m.Teller, m.Noemer
	return m
}

// add adds a row of the result to the tally of its group.
func (p part) add(m *tally, row []*string) error {
	switch p.rule.Kind {
	case rule.SQLValue:
		if m.seen {
			return fmt.Errorf("group %s has more than one value; give one row for each group", m.Group)
		}
		m.seen, m.single = true, row[p.teller]
	case rule.ConstantOrEmpty:
		return p.addSpans(m, row)
	case rule.Distribution:
		c := category{name: emptyGroup}
		if text := row[p.category]; text != nil && *text != "" {
			c.name = *text
		}
		var err [2]error
		c.now, err[0] = number(row[p.teller])
		c.then, err[1] = number(row[p.noemer])
		m.shares = append(m.shares, c)
		return errors.Join(err[:]...)
	default:
	}
	for _, sum := range []struct {
		Column int
		Into   *big.Rat
	}{{p.teller, m.Teller}, {p.noemer, m.Noemer}, {p.value, m.Value}, {p.rows, m.rows}} {
		if sum.Column < 0 {
			continue
		}
		n, err := number(row[sum.Column])
		if err != nil {
			return err
		}
		sum.Into.Add(sum.Into, n)
	}
	return nil
}

// number reads a sum. NULL, the sum of no rows, counts as 0.
func number(text *string) (*big.Rat, error) {
	if text == nil {
		return new(big.Rat), nil
	}
	if !rule.SumText.MatchString(*text) {
		return nil, errors.New("the database returned a number that is not exact; sum integers or decimals, not doubles or text")
	}
	n, _ := new(big.Rat).SetString(*text)
	return n, nil
}

func groupName(values []string) string {
	switch len(values) {
	case 0:
		return allRows
	case 1:
		return values[0]
	}
	return quote.Join(values, " / ", func(v string) string { return strings.ReplaceAll(v, "/", "//") })
}
