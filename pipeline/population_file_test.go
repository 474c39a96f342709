package pipeline

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"inbeeld/sources/contract"
)

// A popFile is an extract before it is written.
type popFile struct {
	contract *contract.Contract
	header   []string
	rows     [][]string
	refuse   string // why it is to be refused, "" when it is not
}

// file is what a source delivers about a day.
func (p *population) file(c *contract.Contract, day time.Time) *popFile {
	f := &popFile{contract: c}
	for _, col := range c.Columns {
		f.header = append(f.header, col.Name)
	}
	for _, i := range p.persons {
		switch c.Name {
		case "doelgroepregister":
			p.registerRows(f, i, day)
		case "sonar":
			p.sonarRow(f, i, day)
		case "plaatsingen":
			p.placementRows(f, i, day)
		case "clientenbestand":
			if i.client && !p.in(30) {
				name, _ := p.spell(i.at(day))
				f.rows = append(f.rows, []string{p.writtenBSN(i.bsn), name, p.date(p.day(600, 0))})
			}
		case "aanvragen":
			p.requestRows(f, i, day)
		}
	}
	if c.Name == "uwv_trend" {
		p.trendRows(f, day)
	}
	p.Shuffle(len(f.rows), func(i, j int) { f.rows[i], f.rows[j] = f.rows[j], f.rows[i] })
	return f
}

func (p *population) registerRows(f *popFile, i *popPerson, day time.Time) {
	for _, r := range i.registrations {
		if r.begin.After(day) && !p.in(20) || p.in(100) { // not known yet, or forgotten
			continue
		}
		place := r.place
		if p.in(3) {
			place = i.at(day)
		}
		name, code := p.spell(place)
		f.rows = append(f.rows, []string{
			p.writtenBSN(i.bsn), p.code(r.ground), p.date(r.begin), p.date(r.end), name, code, p.one("", "", "30", "45,5", "100", "0"),
		})
	}
}

func (p *population) sonarRow(f *popFile, i *popPerson, day time.Time) {
	if !i.inSonar || p.in(50) {
		return
	}
	profile, changed := "N", time.Time{}
	fields := [5]string{}
	if !i.profileFrom.IsZero() && !i.profileFrom.After(day) {
		profile, changed, fields = "J", i.profileFrom, i.fields
	} else if p.in(10) {
		fields = i.fields // filled, but there is no profile
	}
	van := i.klantVan
	if p.in(60) {
		van = p.one("GEMEENTE", "UWV")
	}
	name, code := p.spell(i.at(day))
	f.rows = append(f.rows, []string{
		p.writtenBSN(i.bsn), name, code, p.code(van), p.ja(profile), p.date(changed), p.ja(i.visible), p.ja(i.consent), p.ja(i.fit),
		p.one("", "1", "3", "6"), fields[0], fields[1], fields[2], fields[3], fields[4],
	})
}

func (p *population) placementRows(f *popFile, i *popPerson, day time.Time) {
	for _, x := range i.placements {
		if x.begin.After(day) && !p.in(15) {
			continue
		}
		name, _ := p.spell(x.place)
		f.rows = append(f.rows, []string{
			x.id, p.writtenBSN(i.bsn), name, p.date(x.begin), p.date(x.end), x.reason, x.hours, x.paid, p.code(x.kind), p.code(x.sector), x.by,
			x.ind[0], x.ind[1], x.ind[2], x.ind[3],
		})
	}
}

func (p *population) requestRows(f *popFile, i *popPerson, day time.Time) {
	for _, r := range i.requests {
		if r.asked.After(day) {
			continue
		}
		name, _ := p.spell(r.place)
		f.rows = append(f.rows, []string{r.id, p.writtenBSN(i.bsn), name, p.date(r.asked), p.code(r.by), p.code(r.route), r.outcome, p.date(r.decided)})
	}
}

func (p *population) trendRows(f *popFile, day time.Time) {
	for q := range 5 {
		t := day.AddDate(0, -3*q, 0)
		quarter := fmt.Sprintf("%d-Q%d", t.Year(), (int(t.Month())+2)/3)
		for _, area := range []string{"Gooi en Vechtstreek", "Nederland", "Utrecht"} {
			if p.in(6) {
				continue
			}
			for _, of := range []string{"extra_banen", "NORM_EXTRA_BANEN", "nulmeting", "BANEN_MARKT", "PERSONEN_DOELGROEPREGISTER"} {
				if !p.in(8) {
					f.rows = append(f.rows, []string{quarter, area, of, fmt.Sprint(200+p.IntN(1500)) + p.one("", "", ",5", ",255", "", "00000")})
				}
			}
		}
	}
}

// column is where a column of the contract is, by its name in the product.
func (f *popFile) column(as string) int {
	for i, col := range f.contract.Columns {
		if col.As == as {
			return i
		}
	}
	return -1
}

// dirty spoils records: few enough to be accepted, unless the file is to be refused.
func (p *population) dirty(f *popFile) {
	persons := f.column("persoon_id")
	if len(f.rows) == 0 {
		return
	}
	some := func() []string { return append([]string{}, f.rows[p.IntN(len(f.rows))]...) }
	for range p.IntN(max(3, len(f.rows)/120)) {
		row := some()
		switch p.IntN(6) {
		case 0: // the key once more
		case 1:
			row = row[:len(row)-1]
		case 2:
			row[f.column(f.contract.Key[0])] = ""
		case 3:
			if i := f.column("begindatum"); i >= 0 {
				row[i] = p.one("31-02-2020", "gisteren", "00-00-2019", "2020-13-01")
			}
		case 4:
			if i := f.column("klant_van"); i >= 0 {
				row[i] = "WERKGEVER"
			}
			if i := f.column("uren_per_week"); i >= 0 {
				row[i] = p.one("1.234", "veel")
			}
		case 5: // somebody's number where text should be
			if i := f.column("gemeente_bron"); i >= 0 && persons >= 0 {
				row[i] = "zie " + some()[persons]
			}
		}
		f.rows = append(f.rows, row)
	}
	wrong := p.IntN(3) // two are never too many
	if f.refuse == "elfproef" {
		wrong = len(f.rows)/150 + 4
	}
	if f.refuse == "quarantaine" {
		for range len(f.rows)/50 + 4 {
			f.rows = append(f.rows, some()[:2])
		}
	}
	for range wrong {
		if persons >= 0 {
			row := some()
			n := p.bsn()
			row[persons] = n[:8] + string('0'+(n[8]-'0'+1)%10)
			f.rows = append(f.rows, row)
		}
	}
}

// write gives the bytes of a file.
func (p *population) write(f *popFile) string {
	p.dirty(f)
	if f.refuse == "leeg" {
		f.rows = nil
	}
	order := make([]int, len(f.header))
	for i := range order {
		order[i] = i
	}
	if p.in(3) {
		p.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	left := -1 // a column that is left out
	for i, col := range f.contract.Columns {
		if f.refuse == "kolom" && col.Required || f.refuse == "" && !col.Required && p.in(40) {
			left = i
			break
		}
	}
	extra := p.in(8)
	var b strings.Builder
	end := p.one("\n", "\n", "\r\n")
	line := func(row []string, more string) {
		var cells []string
		for _, i := range order {
			if i != left && i < len(row) {
				cells = append(cells, popQuote(row[i]))
			}
		}
		if extra {
			cells = append(cells, more)
		}
		b.WriteString(strings.Join(cells, ";") + end)
	}
	if p.in(10) {
		b.WriteString("Levering van " + f.contract.Name + end + end)
	}
	line(f.header, "Opmerking")
	for _, row := range f.rows {
		line(row, "x")
	}
	if p.in(6) {
		fmt.Fprintf(&b, "Totaal;%d%s", len(f.rows)+p.IntN(2), end)
	}
	return p.encoded(b.String())
}

// popQuote puts a field between quotes when it must be.
func popQuote(text string) string {
	if strings.ContainsAny(text, ";\"\r\n") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

func (p *population) encoded(text string) string {
	switch p.IntN(4) {
	case 0:
		return "\uFEFF" + text
	case 1:
		if out, err := charmap.Windows1252.NewEncoder().String(text); err == nil {
			return out
		}
	}
	return text
}
