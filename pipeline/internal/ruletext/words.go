package ruletext

import (
	"embed"
	"math/big"
	"strings"
	"text/template"
	"time"

	"inbeeld/checks"
)

//go:embed woorden.tmpl
var files embed.FS

// A limitOf is a limit with whether it is a percentage.
type limitOf struct {
	Limit      checks.Limit
	Percentage bool
}

// A limitsOf are the limits of a rule, its own or those of one group.
type LimitsOf struct {
	Rule   checks.Rule
	Limits checks.Limits
}

// words are the Dutch words of woorden.tmpl.
var words = template.Must(template.New("woorden").Funcs(template.FuncMap{
	"list":   func(names []string) string { return strings.Join(names, ", ") },
	"and_":   enumerate,
	"number": exactNumber,
	"share":  func(n *big.Rat) string { return exactNumber(new(big.Rat).Mul(n, big.NewRat(100, 1))) },
	"day":    LongDay,
	"figure": Figure,
	"limit":  func(l *checks.Limit, r checks.Rule) limitOf { return limitOf{Limit: *l, Percentage: r.Percentage()} },
}).ParseFS(files, "woorden.tmpl"))

// say gives the words of one template on a line, without what separates parts at the end.
func Say(name string, about any) string {
	var b strings.Builder
	if err := words.ExecuteTemplate(&b, name, about); err != nil {
		panic("woorden.tmpl: " + err.Error())
	}
	return strings.TrimSuffix(strings.Join(strings.Fields(b.String()), " "), ";")
}

// enumerate gives "a, b en c".
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " en " + names[len(names)-1]
}

// exactNumber is a number in Dutch notation with as many decimals as it has, at most six.
func exactNumber(n *big.Rat) string {
	digits := 0
	for unit := big.NewRat(1, 1); digits < 6 && !new(big.Rat).Mul(n, unit).IsInt(); digits++ {
		unit.Mul(unit, big.NewRat(10, 1))
	}
	return checks.FormatNumber(n, digits)
}

// figure writes a decimal in Dutch notation, a percentage with one digit.
func Figure(decimal string, percentage bool) string {
	n, ok := new(big.Rat).SetString(decimal)
	switch {
	case !ok:
		return "-"
	case percentage:
		return checks.FormatNumber(n, 1) + "%"
	}
	return exactNumber(n)
}

// longDay writes an ISO date as "31 december 2020".
func LongDay(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return checks.FormatDay(t)
}

// shortDay writes an ISO date as "31-12-2020".
func ShortDay(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return t.Format("02-01-2006")
}
