package truth

import (
	"cmp"
	"slices"
	"strings"
)

// A gemeente is one in the reference table, or a bucket for those that are not.
type gemeente struct {
	code, naam, dienst string
	inRegio            bool
	vanaf, tot         string // the first day that it exists, and the first that it does not; "" if unknown
	opvolger           string
	row                Row
}

// The buckets.
var (
	buitenDeRegio = &gemeente{code: "GM9998", naam: "Buiten de regio", dienst: "Onbekend"}
	onbekend      = &gemeente{code: "GM9999", naam: "Onbekend", dienst: "Onbekend"}
)

func gemeenten(rows []Row) []*gemeente {
	var out []*gemeente
	for _, r := range rows {
		g := &gemeente{
			code: r["gemeentecode"], naam: r["gemeente"], dienst: r["uitvoeringsdienst"], inRegio: r["in_regio"] == "ja",
			vanaf: r["geldig_vanaf"], tot: r["geldig_tot"], opvolger: r["opvolger"], row: r,
		}
		if !g.inRegio {
			g.dienst = "Onbekend"
		}
		out = append(out, g)
	}
	return out
}

// bestaat reports whether the gemeente exists on a date.
func (g *gemeente) bestaat(date string) bool {
	return (g.vanaf == "" || g.vanaf <= date) && (g.tot == "" || date < g.tot)
}

// inRegion returns the gemeenten of the region on a date.
func (w *World) inRegion(date string) []*gemeente {
	return slices.DeleteFunc(slices.Clone(w.gemeenten), func(g *gemeente) bool { return !g.inRegio || !g.bestaat(date) })
}

// diensten returns the uitvoeringsdiensten of the region on a date.
func (w *World) diensten(date string) []string { return dienstenVan(w.inRegion(date)) }

// alleDiensten returns the uitvoeringsdiensten that the region has or had.
func (w *World) alleDiensten() []string {
	return dienstenVan(slices.DeleteFunc(slices.Clone(w.gemeenten), func(g *gemeente) bool { return !g.inRegio }))
}

func dienstenVan(of []*gemeente) (out []string) {
	for _, g := range of {
		if !slices.Contains(out, g.dienst) {
			out = append(out, g.dienst)
		}
	}
	return out
}

// resolve finds the gemeente of a supplier's name or, if that is unknown, code.
func (w *World) resolve(naam, code string) *gemeente {
	if g := w.byName(naam); g != nil {
		return g
	}
	digits := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(code)), "GM")
	if len(digits) != 3 && len(digits) != 4 || strings.Trim(digits, "0123456789") != "" {
		return onbekend
	}
	if len(digits) == 3 {
		digits = "0" + digits
	}
	return cmp.Or(w.byCode("GM"+digits), buitenDeRegio)
}

// byCode finds a gemeente by code, or returns nil.
func (w *World) byCode(code string) *gemeente {
	for _, g := range w.gemeenten {
		if g.code == code {
			return g
		}
	}
	return nil
}

// byName finds a gemeente by name or else by alias.
func (w *World) byName(naam string) *gemeente {
	plain := strings.ToLower(strings.TrimSpace(naam))
	if rest, ok := strings.CutPrefix(plain, "gem."); ok {
		plain = strings.TrimSpace(rest)
	} else if rest, ok := strings.CutPrefix(plain, "gemeente "); ok {
		plain = strings.TrimSpace(rest)
	}
	for _, g := range w.gemeenten {
		if strings.ToLower(g.naam) == plain {
			return g
		}
	}
	for _, a := range w.reference["gemeente_aliassen"] {
		if strings.ToLower(a["alias"]) == plain {
			return w.byCode(a["gemeentecode"])
		}
	}
	return nil
}

// overal returns all gemeenten and the two buckets.
func (w *World) overal() []*gemeente {
	return append(slices.Clone(w.gemeenten), buitenDeRegio, onbekend)
}
