package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Figure is a published number, as listed in the kerncijfers.
type Figure struct {
	Indicator, Peildatum, Gebied string
	Value                        string // "" if the published value is not a number
	Unit, Source                 string
}

// The areas of the kerncijfers and of the quarterly figures.
const (
	regio = "Gooi en Vechtstreek"
	land  = "Nederland"
)

// figures are the published numbers that the deliveries yield once loaded.
type figures struct {
	inRegister, participatiewet, wswWiw int // persons in the earlier register
	byGemeente, byInwoner               int // applications in the year applicationYear
	extra, norm                         map[string]int
	sources                             map[string]string // by source of deliveries: the documents with the numbers
}

// ParseFigures reads kerncijfers: CSV with `;` and the columns indicator, peildatum, gebied, waarde,
// eenheid and bron. An error names the line.
func ParseFigures(kerncijfers []byte) ([]Figure, error) {
	r, header, err := openCSV(kerncijfers)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for _, name := range []string{"indicator", "peildatum", "gebied", "waarde", "eenheid", "bron"} {
		if at[name] = slices.Index(header, name); at[name] < 0 {
			return nil, fmt.Errorf("line 1: column %s is missing", name)
		}
	}
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var list []Figure
	for _, row := range rows {
		list = append(list, Figure{
			Indicator: row[at["indicator"]], Peildatum: row[at["peildatum"]], Gebied: row[at["gebied"]],
			Value: row[at["waarde"]], Unit: row[at["eenheid"]], Source: row[at["bron"]],
		})
	}
	return list, nil
}

// newFigures finds the numbers that the deliveries must yield. Each must be present, and together they must
// be possible: two categorieën may not have more people than the register.
func newFigures(list []Figure) (figures, error) {
	var faults []error
	documents := map[string]string{}
	need := func(source, indicator, peildatum, gebied string) int {
		i := slices.IndexFunc(list, func(f Figure) bool {
			return f.Indicator == indicator && f.Peildatum == peildatum && f.Gebied == gebied
		})
		if i < 0 {
			faults = append(faults, fmt.Errorf("%s of %s on %s is missing", indicator, gebied, peildatum))
			return 0
		}
		if document := list[i].Source; !strings.Contains(documents[source], document) {
			documents[source] = strings.TrimPrefix(documents[source]+", "+document, ", ")
		}
		n, err := strconv.ParseUint(list[i].Value, 10, 31)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s of %s on %s is %q, not a whole number", indicator, gebied, peildatum, list[i].Value))
		}
		return int(n)
	}
	earlier, year, last := earlierPeildatum.Format(time.DateOnly), strconv.Itoa(applicationYear)+"-12-31", quarterEnds[quarters-1].Format(time.DateOnly)
	f := figures{
		inRegister:      need(sourceRegister, "personen_doelgroepregister", earlier, regio),
		participatiewet: need(sourceRegister, "personen_participatiewet", earlier, regio),
		wswWiw:          need(sourceRegister, "personen_wsw_wiw_id", earlier, regio),
		byGemeente:      need(sourceAanvragen, "aanvragen_indicatie_gemeente", year, regio),
		byInwoner:       need(sourceAanvragen, "aanvragen_indicatie_inwoner", year, regio),
		extra:           map[string]int{},
		norm:            map[string]int{},
		sources:         documents,
	}
	for _, gebied := range []string{regio, land} {
		f.extra[gebied] = need(sourceTrend, "extra_banen_realisatie", last, gebied)
		f.norm[gebied] = need(sourceTrend, "extra_banen_norm", last, gebied)
	}
	if len(faults) > 0 {
		return figures{}, faults[0]
	}
	if f.inRegister > maxClients || f.byGemeente+f.byInwoner > maxClients {
		return figures{}, fmt.Errorf("more than %d people; there are no synthetic BSNs for them", maxClients)
	}
	if f.participatiewet+f.wswWiw > f.inRegister {
		return figures{}, fmt.Errorf("%d and %d people are more than the %d in the register", f.participatiewet, f.wswWiw, f.inRegister)
	}
	return f, nil
}

// note returns the text in an extract that lists which of its numbers were published, and where, or "" if
// none were.
func (f figures) note(source string, q int) string {
	switch {
	case source == sourceRegister && q == earlierQuarter:
		return fmt.Sprintf("Gepubliceerd zijn de aantallen %d, %d en %d (%s); de personen zijn verzonnen",
			f.inRegister, f.participatiewet, f.wswWiw, f.sources[source])
	case source == sourceAanvragen:
		return fmt.Sprintf("Gepubliceerd zijn de aantallen van %d, %d door gemeenten en %d door inwoners (%s); al het andere is verzonnen",
			applicationYear, f.byGemeente, f.byInwoner, f.sources[source])
	case source == sourceTrend && q == quarters-1:
		return fmt.Sprintf("Gepubliceerd zijn extra_banen en norm_extra_banen van het laatste kwartaal (%s); al het andere is verzonnen", f.sources[source])
	}
	return ""
}
