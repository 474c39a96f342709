package pipeline

import (
	"strings"
	"time"
)

// spell writes a gemeente as suppliers do.
func (p *population) spell(place popPlace) (name, code string) {
	name, code = place.name, strings.TrimPrefix(place.code, "GM")
	switch p.IntN(30) {
	case 0:
		name = "Gem. " + name
	case 1:
		name = "Gemeente " + name
	case 2:
		name = strings.ToUpper(name)
	case 3:
		name = "gemeente  " + strings.ToLower(name)
	case 4:
		name = "  " + name + " "
	case 5:
		name = "GEM." + name
	case 6, 7:
		switch place.name {
		case "Wijdemeren":
			name = p.one("Wijdmeren", "Wijdemeeren", "Wijdereen", "wijdemerem", "Gem. Wijdmeren")
		case "Laren":
			name = p.one("Laren (NH.)", "laren nh", "Gemeente Laren NH")
		default:
			name = name[:2] + name[3:] // the code says which one it is
		}
	}
	switch p.IntN(12) {
	case 0:
		code = ""
	case 1:
		code = strings.TrimLeft(code, "0")
	case 2:
		code = "GM" + code
	case 3:
		code = "gm" + strings.TrimLeft(code, "0")
	}
	if p.in(150) { // what is in no list
		name = p.one("Elders", "Ons Dorp", "Onbekend", "Buiten de regio", "Het Gooi")
		code = p.one("", "", "0518", "363", "12", "GM9999", "9998", "0402", "12345", "04O2", "0000", "GM 402")
	}
	if p.in(200) { // the name counts, and not the code
		code = p.places[p.IntN(len(p.places))].code
	}
	return name, code
}

// date writes a day as suppliers do; the zero time is empty.
func (p *population) date(t time.Time) string {
	if t.IsZero() {
		return p.one("", "", "", "00000000")
	}
	return t.Format(p.one("2006-01-02", "2006-01-02", "02-01-2006", "2-1-2006", "20060102", "2006-01-02 00:00"))
}

func (p *population) writtenBSN(bsn string) string {
	switch {
	case bsn[0] == '0' && p.in(2):
		return bsn[1:]
	case p.in(300):
		return bsn[:4] + "." + bsn[4:6] + "." + bsn[6:]
	}
	return bsn
}

// ja writes a J or N in other ways.
func (p *population) ja(text string) string {
	switch text {
	case "J":
		return p.one("J", "J", "j", "Ja", "JA")
	case "N":
		return p.one("N", "N", "n", "Nee")
	}
	return text
}

// code writes a code in lower case now and then.
func (p *population) code(text string) string {
	if p.in(20) {
		return strings.ToLower(text)
	}
	return text
}
