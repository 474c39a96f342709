package checks

import (
	"cmp"
	"errors"
	"fmt"
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
	Peildatum             time.Time // filled in by the caller, for the explanation only
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
	groups := map[string]*Measure{}
	if len(p.per) == 0 {
		groups[everybody] = p.start(nil)
	}
	for _, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("the result has %d columns, not %d", len(row), width)
		}
		if p.mark != "" && (row[0] == nil || *row[0] != p.mark) {
			continue
		}
		if p.present >= 0 {
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
		m := groups[name]
		if m == nil {
			m = p.start(values)
			groups[name] = m
		}
		if err := p.add(m, row); err != nil {
			return nil, err
		}
	}
	out := make([]Measure, 0, len(groups))
	for _, m := range groups {
		if p.value < 0 && m.Noemer.Sign() > 0 {
			m.Value = new(big.Rat).Mul(big.NewRat(100, 1), new(big.Rat).Quo(m.Teller, m.Noemer))
		}
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Measure) int { return cmp.Compare(a.Group, b.Group) })
	return out, nil
}

// start is a measure of nothing yet.
func (p part) start(values []string) *Measure {
	m := &Measure{Check: p.rule.ID(), Group: groupName(values), GroupValues: map[string]string{}, Teller: new(big.Rat)}
	for i, column := range p.rule.Per {
		m.GroupValues[column] = values[i]
	}
	if p.noemer >= 0 {
		m.Noemer = new(big.Rat)
	}
	if p.value >= 0 {
		m.Value = new(big.Rat)
	}
	return m
}

// add rolls a row of the result up into the measure of its group.
func (p part) add(m *Measure, row []*string) error {
	for _, sum := range []struct {
		column int
		into   *big.Rat
	}{{p.teller, m.Teller}, {p.noemer, m.Noemer}, {p.value, m.Value}} {
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
