package truth

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// DimGemeente is marts.dim_gemeente.
func (w *World) DimGemeente() *Table {
	t := newTable("dim_gemeente", "gemeentecode", `
		gemeentecode gemeente provincie uitvoeringsdienst in_regio geldig_vanaf geldig_tot opvolger
		gemeentecode_huidig inwoners_2016 status`)
	last := w.lastAccepted()
	for _, g := range w.overal() {
		t.add(g.code, g.naam, orNull(g.row["provincie"]), g.dienst, strconv.FormatBool(g.inRegio), orNull(g.vanaf),
			orNull(g.tot), orNull(g.opvolger), w.huidig(g, last).code, orNull(g.row["inwoners_2016"]), orNull(g.row["status"]))
	}
	return t
}

// huidig returns the gemeente to which the area of g belongs on a date.
func (w *World) huidig(g *gemeente, date string) *gemeente {
	if g.tot == "" || date < g.tot || g.opvolger == "" {
		return g
	}
	return w.huidig(w.byCode(g.opvolger), date)
}

// alleAccepted returns the peildata of all sources together.
func (w *World) alleAccepted() []string {
	dates := map[string]bool{}
	for _, d := range w.deliveries {
		for _, p := range w.accepted(d.Source) {
			dates[p] = true
		}
	}
	return slices.Sorted(maps.Keys(dates))
}

// lastAccepted returns the last peildatum of all sources together, or "".
func (w *World) lastAccepted() string {
	if dates := w.alleAccepted(); len(dates) > 0 {
		return dates[len(dates)-1]
	}
	return ""
}

// DimUitvoeringsdienst is marts.dim_uitvoeringsdienst.
func (w *World) DimUitvoeringsdienst() *Table {
	t := newTable("dim_uitvoeringsdienst", "uitvoeringsdienst", "uitvoeringsdienst gemeenten")
	for _, dienst := range w.alleDiensten() {
		var namen []string
		for _, g := range w.gemeenten {
			if g.inRegio && g.dienst == dienst {
				namen = append(namen, g.naam)
			}
		}
		slices.Sort(namen)
		t.add(dienst, strings.Join(namen, ", "))
	}
	t.add("Onbekend", Null)
	return t
}

// DimGrondslag is marts.dim_grondslag.
func (w *World) DimGrondslag() *Table {
	t := newTable("dim_grondslag", "grondslag", "grondslag omschrijving groep")
	for _, r := range w.reference["grondslagen"] {
		t.add(r["grondslag"], r["omschrijving"], r["groep"])
	}
	t.add("ONBEKEND", "Onbekend", "ONBEKEND")
	return t
}

// DimPeildatum is marts.dim_peildatum.
func (w *World) DimPeildatum() *Table {
	t := newTable("dim_peildatum", "peildatum", "peildatum omschrijving jaar kwartaal maand bronnen is_laatste")
	t.add("1900-01-01", "Onbekend", Null, "Onbekend", "Onbekend", Null, "false")
	last := w.lastAccepted()
	dates := map[string]bool{}
	for _, d := range w.deliveries { // also those that are not accepted
		dates[d.Peildatum] = true
	}
	for date := range dates {
		var bronnen []string
		for _, source := range []string{requests, clients, register, placement, sonar, trend} { // in order of name
			if slices.Contains(w.accepted(source), date) {
				bronnen = append(bronnen, source)
			}
		}
		day := parseDate(date)
		t.add(date, day.Format("02-01-2006"), integer(day.Year()), quarter(date), day.Format("2006-01"),
			orNull(strings.Join(bronnen, ", ")), strconv.FormatBool(date == last))
	}
	return t
}

// Marts returns all marts except the findings.
func (w *World) Marts() []*Table {
	return []*Table{
		w.TransparantieKlantprofielen(), w.TransparantieRegio(), w.DoelgroepStand(), w.DoelgroepMutaties(), w.Trechter(),
		w.Plaatsingen(), w.PlaatsingenStand(), w.PlaatsingenVerloop(), w.Realisatie(), w.Aanvragen(),
		w.AchterstandRegistratie(), w.Screening(), w.CapaciteitKosten(), w.Prognose(), w.KwaliteitLeveringen(),
		w.DimGemeente(), w.DimUitvoeringsdienst(), w.DimGrondslag(), w.DimPeildatum(),
	}
}
