package judge

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
)

var hundred = big.NewRat(100, 1)

// finish computes the value of a group from its sums, unless it is a plain sum. A nil value means that
// there is no opinion.
func (p part) finish(g *tally, groups map[string]*tally) {
	switch p.rule.Kind {
	case rule.Coverage, rule.Share:
		g.Value = ratio(g.Teller, g.Noemer)
	case rule.VolumeChange:
		g.Value, g.Noemer = nil, nil // until there is an earlier stand
	case rule.Reconcile:
		p.reconcile(g)
	case rule.Outlier:
		p.deviate(g, groups)
	case rule.Distribution:
		p.shift(g)
	case rule.ConstantOrEmpty:
		p.countConstant(g)
	case rule.SQLValue:
		g.Value = nil
		if g.single != nil {
			g.Value = g.Teller
		}
	case rule.NotNull, rule.NotEmpty, rule.Unique, rule.AcceptedValues, rule.Range, rule.Pattern, rule.Length, rule.Relationship, rule.RowCount, rule.SumMatches, rule.SQL, rule.Freshness:
	}
}

// ratio returns numerator / denominator as a percentage, or nil if the denominator is not above 0.
func ratio(numerator, denominator *big.Rat) *big.Rat {
	if denominator == nil || denominator.Sign() <= 0 {
		return nil
	}
	return new(big.Rat).Mul(hundred, new(big.Rat).Quo(numerator, denominator))
}

// change returns the difference to - from as a percentage of from, or nil if from is 0.
func change(to, from *big.Rat) *big.Rat {
	if from.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Mul(hundred, new(big.Rat).Quo(new(big.Rat).Sub(to, from), new(big.Rat).Abs(from)))
}

// reconcile compares the sum with the reference figure. The value column has the number of figures.
func (p part) reconcile(g *tally) {
	figures := g.Value
	g.Value = nil
	switch {
	case figures.Sign() == 0:
		g.Noemer = nil
	case p.rule.Percent:
		g.Value = change(g.Teller, g.Noemer)
	default:
		g.Value = new(big.Rat).Sub(g.Teller, g.Noemer)
	}
}

// figure returns what an outlier rule compares between groups: a sum, or a quotient of two sums.
func (p part) figure(g *tally) *big.Rat {
	if p.rule.Denominator == "" {
		return g.sum
	}
	if g.over.Sign() <= 0 || tooFew(p.rule, g.over) {
		return nil
	}
	return new(big.Rat).Quo(g.sum, g.over)
}

// deviate compares a group with the median of the other groups. With fewer than two other figures it
// gives no opinion.
func (p part) deviate(g *tally, groups map[string]*tally) {
	own := p.figure(g)
	g.Teller, g.Noemer, g.Value = own, nil, nil
	var peers []*big.Rat
	for name, peer := range groups {
		if n := p.figure(peer); n != nil && name != g.Group {
			peers = append(peers, n)
		}
	}
	if own == nil || len(peers) < 2 {
		return
	}
	g.Noemer = median(peers)
	g.Few = dutch.IsFew(g.sum) || dutch.IsFew(cmp.Or(g.over, g.Noemer))
	g.Value = change(own, g.Noemer)
}

func median(figures []*big.Rat) *big.Rat {
	slices.SortFunc(figures, (*big.Rat).Cmp)
	middle := len(figures) / 2
	if len(figures)%2 == 1 {
		return figures[middle]
	}
	sum := new(big.Rat).Add(figures[middle-1], figures[middle])
	return sum.Quo(sum, big.NewRat(2, 1))
}

// shift finds the category whose share changed most, the first by name among equals.
func (p part) shift(g *tally) {
	total, earlier := new(big.Rat), new(big.Rat)
	for _, c := range g.shares {
		total.Add(total, c.now)
		earlier.Add(earlier, c.then)
	}
	g.Teller, g.Noemer, g.Value = nil, nil, nil
	if total.Sign() == 0 || earlier.Sign() == 0 || tooFew(p.rule, total) || tooFew(p.rule, earlier) {
		return
	}
	slices.SortFunc(g.shares, func(a, b category) int { return strings.Compare(a.name, b.name) })
	for _, c := range g.shares {
		a, b := ratio(c.now, total), ratio(c.then, earlier)
		moved := new(big.Rat).Sub(a, b)
		if moved.Abs(moved); g.Value == nil || moved.Cmp(g.Value) > 0 {
			g.Value, g.Teller, g.Noemer, g.Detail = moved, a, b, c.name
			_, _, _, few := dutch.Part(c.now, total)
			_, _, _, fewThen := dutch.Part(c.then, earlier)
			g.Few = few || fewThen
		}
	}
}

// addSpans adds the least and greatest hash of each column in a row of the result.
func (p part) addSpans(g *tally, row []*string) error {
	rows, err := number(row[p.rows])
	if err != nil {
		return err
	}
	if rows.Sign() == 0 {
		return nil
	}
	g.rows.Add(g.rows, rows)
	for i, column := range p.hashes {
		n, err := number(row[column])
		if err != nil {
			return err
		}
		g.spans[i/2] = append(g.spans[i/2], n)
	}
	return nil
}

func (p part) countConstant(g *tally) {
	g.Noemer = big.NewRat(int64(len(p.rule.Columns)), 1)
	if g.rows.Cmp(p.rule.MinRows) < 0 {
		g.Value = nil
		return
	}
	var same []string
	for i, column := range p.rule.Columns {
		if !slices.ContainsFunc(g.spans[i], func(n *big.Rat) bool { return n.Cmp(g.spans[i][0]) != 0 }) {
			same = append(same, column)
		}
	}
	g.Teller = big.NewRat(int64(len(same)), 1)
	g.Value, g.Detail = g.Teller, strings.Join(same, ", ")
}
