package checks

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
)

// everybody is the group of a check without per.
const everybody = "alle"

// A Measure is what a query found for one check and one group. What its numbers are depends on the
// kind, see [Kind]; nil means that there is no such number. Group joins the values of the columns
// under per with " / "; a slash in one of several values is doubled, so that no two groups share a
// name. No value, or an empty text, is "(leeg)".
type Measure struct {
	Check, Group          string
	GroupValues           map[string]string // by column under per
	Teller, Noemer, Value *big.Rat
	Earlier               map[Stand]*big.Rat // the value on earlier stands that had one
	Detail                string             // distribution: the category; constant_or_empty: the columns
	Peildatum             time.Time          // filled in by the caller, for explanation and periods
}

// Measures reads the rows that a query gave; nil is NULL. They come by rule in the order given to
// [Compile], then by group. A check without per always has its one measure.
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
	earlier := map[Stand]map[string]*tally{}
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
			if p.rule.Kind == VolumeChange {
				g.Noemer, g.Value = then.Teller, change(g.Teller, then.Teller)
				continue
			}
			p.finish(then, earlier[s])
			if then.Value != nil && !p.rule.tooFew(p.rule.weight(then.Measure)) {
				g.Earlier[s] = then.Value
			}
		}
		out = append(out, g.Measure)
	}
	return out, nil
}

// tooFew tells whether a noemer is below what the rule has an opinion on.
func (p part) tooFew(noemer *big.Rat) bool { return p.rule.tooFew(noemer) }

func (r Rule) tooFew(noemer *big.Rat) bool {
	return r.MinDenominator != nil && (noemer == nil || noemer.Cmp(r.MinDenominator) < 0)
}

// A tally adds up the rows of the result that are about one group.
type tally struct {
	Measure
	rows      *big.Rat            // rows of the table, where they are counted
	sum, over *big.Rat            // outlier: what was added up
	shares    []category          // distribution
	spans     map[int][2]*big.Rat // constant_or_empty: least and greatest hash by column
	single    *string             // sql_value: the one value
	seen      bool
}

// A category has so many rows now and then.
type category struct {
	name      string
	now, then *big.Rat
}

// collect adds up the rows of one mark by group.
func (p part) collect(rows [][]*string, width int, mark string) (map[string]*tally, error) {
	groups := map[string]*tally{}
	if len(p.per) == 0 {
		groups[everybody] = p.start(nil)
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
		g := groups[name]
		if g == nil {
			g = p.start(values)
			groups[name] = g
		}
		if err := p.add(g, row); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// start is a measure of nothing yet.
func (p part) start(values []string) *tally {
	m := &tally{Measure: Measure{
		Check: p.rule.ID(), Group: groupName(values), GroupValues: map[string]string{}, Teller: new(big.Rat), Earlier: map[Stand]*big.Rat{},
	}, rows: new(big.Rat)}
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

// add rolls a row of the result up into the tally of its group.
func (p part) add(m *tally, row []*string) error {
	switch p.rule.Kind {
	case SQLValue:
		if m.seen {
			return fmt.Errorf("group %s has more than one value; give one row for each group", m.Group)
		}
		m.seen, m.single = true, row[p.teller]
	case ConstantOrEmpty:
		return p.span(m, row)
	case Distribution:
		c := category{name: nobody}
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
		column int
		into   *big.Rat
	}{{p.teller, m.Teller}, {p.noemer, m.Noemer}, {p.value, m.Value}, {p.rows, m.rows}} {
		if sum.column < 0 {
			continue
		}
		n, err := number(row[sum.column])
		if err != nil {
			return err
		}
		sum.into.Add(sum.into, n)
	}
	return nil
}

// number reads a sum; the sum of nothing is NULL and counts as 0.
func number(text *string) (*big.Rat, error) {
	if text == nil {
		return new(big.Rat), nil
	}
	if !sumText.MatchString(*text) {
		return nil, errors.New("the database gave no exact number; sum integers or decimals, not doubles or text")
	}
	n, _ := new(big.Rat).SetString(*text)
	return n, nil
}

func groupName(values []string) string {
	switch len(values) {
	case 0:
		return everybody
	case 1:
		return values[0]
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strings.ReplaceAll(v, "/", "//")
	}
	return strings.Join(parts, " / ")
}
