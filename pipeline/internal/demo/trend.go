package demo

import (
	"fmt"
	"strings"
)

// trendQuarters is the number of quarters in the last delivery; earlier ones have fewer.
const trendQuarters = 16

// Fictitious quarterly figures. The region's own count of placements is near nulmeting plus extra banen, but
// not within two percent.
const (
	nulmetingRegio = 385
	nulmetingLand  = 75_179
)

// A trendIndicator is an indicator of the quarterly figures, with its value back quarters before the last.
type trendIndicator struct {
	name  string
	value func(gebied string, back int) int
}

// indicators returns the indicators. All values are fictitious except extra_banen and norm_extra_banen in
// the last quarter. In the region the norm grew faster than the jobs; nationally the jobs kept up.
func (f figures) indicators() []trendIndicator {
	// Each quarter adds perMille thousandths of the last value.
	grown := func(last, perMille, back int) int { return (last*(1000-perMille*back) + 500) / 1000 }
	by := func(gebied string, inRegio, inLand int) int {
		if gebied == regio {
			return inRegio
		}
		return inLand
	}
	return []trendIndicator{
		{"extra_banen", func(g string, back int) int { return grown(f.extra[g], by(g, 31, 39), back) }},
		{"norm_extra_banen", func(g string, back int) int { return grown(f.norm[g], 40, back) }},
		{"nulmeting", func(g string, _ int) int { return by(g, nulmetingRegio, nulmetingLand) }},
		{"banen_overheid", func(g string, back int) int { return grown(by(g, 96, 11_200), 25, back) }},
		{"banen_markt", func(g string, back int) int { return grown(by(g, 850, 112_400), 22, back) }},
		{"banen_uitzend", func(g string, back int) int { return grown(by(g, 82, 18_300), 12, back) }},
		{"personen_doelgroepregister", func(g string, back int) int { return grown(by(g, 2_020, 233_900), 4, back) }},
		{"werkzame_personen", func(g string, back int) int { return grown(by(g, 985, 119_600), 15, back) }},
	}
}

// trendTable returns one row for each quarter up to q, area and indicator.
func trendTable(f figures, q int, s *speller) table {
	t := table{header: []string{"Kwartaal", "Gebied", "Indicator", "Waarde"}, free: "Gebied", number: "Waarde"}
	for back := trendQuarters - 1; back >= quarters-1-q; back-- {
		quarter := 4*quarterEnds[quarters-1].Year() + 3 - back
		for _, gebied := range []string{regio, land} {
			for _, i := range f.indicators() {
				t.rows = append(t.rows, []string{
					fmt.Sprintf("%d-Q%d", quarter/4, quarter%4+1), gebied, s.codeOf(i.name), s.thousands(i.value(gebied, back)),
				})
			}
		}
	}
	return t
}

// thousands writes an integer. If it has dots, it gets a decimal to be unambiguous.
func (s *speller) thousands(v int) string {
	if !s.dots {
		return s.integer(v)
	}
	text := withDots(v)
	if strings.Contains(text, ".") {
		text += s.sign + "0"
	}
	return text
}
