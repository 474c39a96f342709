package checks

import (
	"math/big"
	"slices"
	"strings"
)

var hundred = big.NewRat(100, 1)

// finish works out the value of a group from what was added up, where that is not a plain sum. No
// value is no opinion.
func (p part) finish(g *tally, groups map[string]*tally) {
	switch p.rule.Kind {
	case Coverage, Share:
		g.Value = ratio(g.Teller, g.Noemer)
	case VolumeChange:
		g.Value, g.Noemer = nil, nil // until there is an earlier stand
	case Reconcile:
		p.reconcile(g)
	case Outlier:
		p.deviate(g, groups)
	case Distribution:
		p.shift(g)
	case ConstantOrEmpty:
		p.sameEverywhere(g)
	case SQLValue:
		g.Value = nil
		if g.single != nil {
			g.Value = g.Teller
		}
	case NotNull, NotEmpty, Unique, AcceptedValues, Range, Pattern, Length, Relationship, RowCount, SumMatches, SQL, Freshness:
	}
}

// ratio is a percentage, nil without a denominator above 0.
func ratio(part, whole *big.Rat) *big.Rat {
	if whole == nil || whole.Sign() <= 0 {
		return nil
	}
	return new(big.Rat).Mul(hundred, new(big.Rat).Quo(part, whole))
}

// change is how much more a number is than another, as a percentage of that; nil when that is 0.
func change(now, then *big.Rat) *big.Rat {
	if then.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Mul(hundred, new(big.Rat).Quo(new(big.Rat).Sub(now, then), new(big.Rat).Abs(then)))
}

// reconcile compares with the reference figure; the value column counts how many of those there are.
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

// figure is what an outlier compares between groups: a sum, or one sum divided by another.
func (p part) figure(g *tally) *big.Rat {
	if p.rule.Denominator == "" {
		return g.sum
	}
	if g.over.Sign() <= 0 || p.tooFew(g.over) {
		return nil
	}
	return new(big.Rat).Quo(g.sum, g.over)
}

// deviate compares a group with the median of the others; with fewer than two others that say
// something there is no opinion.
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
	g.Value = change(own, g.Noemer)
}

func median(numbers []*big.Rat) *big.Rat {
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle]
	}
	sum := new(big.Rat).Add(numbers[middle-1], numbers[middle])
	return sum.Quo(sum, big.NewRat(2, 1))
}

// shift finds the category whose share moved most; of several the first by name.
func (p part) shift(g *tally) {
	now, then := new(big.Rat), new(big.Rat)
	for _, c := range g.shares {
		now.Add(now, c.now)
		then.Add(then, c.then)
	}
	g.Teller, g.Noemer, g.Value = nil, nil, nil
	if now.Sign() == 0 || then.Sign() == 0 || p.tooFew(now) || p.tooFew(then) {
		return
	}
	slices.SortFunc(g.shares, func(a, b category) int { return strings.Compare(a.name, b.name) })
	for _, c := range g.shares {
		a, b := ratio(c.now, now), ratio(c.then, then)
		moved := new(big.Rat).Sub(a, b)
		if moved.Abs(moved); g.Value == nil || moved.Cmp(g.Value) > 0 {
			g.Value, g.Teller, g.Noemer, g.Detail = moved, a, b, c.name
		}
	}
}

// span notes the least and the greatest hash of each column.
func (p part) span(g *tally, row []*string) error {
	rows, err := number(row[p.rows])
	if err != nil {
		return err
	}
	if rows.Sign() == 0 {
		return nil
	}
	g.rows.Add(g.rows, rows)
	if g.spans == nil {
		g.spans = map[int][2]*big.Rat{}
	}
	for i := range p.rule.Columns {
		least, err := number(row[p.hashes[2*i]])
		if err != nil {
			return err
		}
		greatest, err := number(row[p.hashes[2*i+1]])
		if err != nil {
			return err
		}
		if so, ok := g.spans[i]; ok {
			if so[0].Cmp(least) < 0 {
				least = so[0]
			}
			if so[1].Cmp(greatest) > 0 {
				greatest = so[1]
			}
		}
		g.spans[i] = [2]*big.Rat{least, greatest}
	}
	return nil
}

// sameEverywhere counts the columns whose least and greatest hash are one.
func (p part) sameEverywhere(g *tally) {
	g.Noemer = big.NewRat(int64(len(p.rule.Columns)), 1)
	if g.rows.Cmp(p.rule.MinRows) < 0 {
		g.Value = nil
		return
	}
	var same []string
	for i, column := range p.rule.Columns {
		if span := g.spans[i]; span[0].Cmp(span[1]) == 0 {
			same = append(same, column)
		}
	}
	g.Teller = big.NewRat(int64(len(same)), 1)
	g.Value, g.Detail = g.Teller, strings.Join(same, ", ")
}
