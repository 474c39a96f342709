package demo_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// layout says how the columns of a source are judged: b bsn, t text, d date, n decimal, i integer,
// j janee, or a list of codes. A trailing ! makes the column required.
type layout struct {
	columns map[string]string
	key     []string
}

var layouts = map[string]layout{
	"doelgroepregister": {
		columns: map[string]string{
			"Burgerservicenr": "b!", "CdGrondslag": "t!", "DatBRegistratie": "d!", "DatERegistratie": "d",
			"NaamGemeente": "t!", "CdGemeenteGba": "t", "PercLoonwaarde": "n",
		},
		key: []string{"Burgerservicenr", "CdGrondslag", "DatBRegistratie"},
	},
	"sonar": {
		columns: map[string]string{
			"Burgerservicenr": "b!", "NaamGemeente": "t!", "CdGemeenteGba": "t", "KlantVan": "GEMEENTE,UWV!",
			"IndKlantprofiel": "j!", "DatLaatsteWijzigingProfiel": "d", "IndZichtbaar": "j", "IndToestemming": "j",
			"IndWerkfit": "j", "Participatieladder": "i", "CdOpleidingsniveau": "t", "Bemiddelingsberoep": "t",
			"MaxReisafstandKm": "i", "AantUrenBeschikbaar": "n", "Sector": "t",
		},
		key: []string{"Burgerservicenr"},
	},
	"plaatsingen": {
		columns: map[string]string{
			"PlaatsingId": "t!", "Burgerservicenr": "b!", "NaamGemeente": "t!", "DatBDienstverband": "d!",
			"DatEDienstverband": "d", "CdRedenEinde": "t", "AantContracturenPerWeek": "n!", "AantVerloondeUrenMaand": "n",
			"SoortDienstverband": "REGULIER,UITZEND,DETACHERING,PAYROLL,WSW_BW,BESCHUT!", "Sector": "OVERHEID,MARKT!",
			"BemiddeldDoor":         "WSP,GEMEENTE,UWV,TOMIN,ZELF",
			"IndLoonkostensubsidie": "j", "IndJobcoach": "j", "IndNoRiskpolis": "j", "IndProefplaatsing": "j",
		},
		key: []string{"PlaatsingId"},
	},
	"aanvragen": {
		columns: map[string]string{
			"AanvraagId": "t!", "Burgerservicenr": "b!", "NaamGemeente": "t!", "DatAanvraag": "d!", "Indiener": "GEMEENTE,INWONER!",
			"Route": "AANVRAAG,PRAKTIJKROUTE,AUTOMATISCH", "Uitkomst": "TOEGEKEND,AFGEWEZEN,IN_BEHANDELING,INGETROKKEN", "DatBeslissing": "d",
		},
		key: []string{"AanvraagId"},
	},
	"clientenbestand": {
		columns: map[string]string{"Burgerservicenr": "b!", "NaamGemeente": "t!", "DatInstroom": "d"},
		key:     []string{"Burgerservicenr"},
	},
	"uwv_trend": {
		columns: map[string]string{
			"Kwartaal": "t!", "Gebied": "t!", "Waarde": "n!",
			"Indicator": "EXTRA_BANEN,NORM_EXTRA_BANEN,NULMETING,BANEN_OVERHEID,BANEN_MARKT,BANEN_UITZEND,PERSONEN_DOELGROEPREGISTER,WERKZAME_PERSONEN!",
		},
		key: []string{"Kwartaal", "Gebied", "Indicator"},
	},
}

// loaded is a record that was read: column to value in one notation (dates ISO, decimals with a
// point, ja and nee as J and N, BSNs in nine digits).
type loaded map[string]string

// reading is one extract, read independently of the generator.
type reading struct {
	rows     []loaded
	faults   map[string]int // reason to records
	elfproef int
	padded   int // BSNs that got their zero back
	dotted   int
	total    int // in the total row; -1: there is none
}

func (r reading) quarantined() int {
	n := 0
	for _, c := range r.faults {
		n += c
	}
	return n
}

func read(t *testing.T, source string, data []byte) reading {
	t.Helper()
	text := decode(t, data)
	records := split(text)
	start := -1
	for i, r := range records[:min(50, len(records))] {
		if line := "|" + strings.Join(r.fields, "|") + "|"; strings.Contains(line, "|Burgerservicenr|") || strings.Contains(line, "|Indicator|") {
			start = i
			break
		}
	}
	if start < 0 {
		t.Fatalf("no header in the first 50 records")
	}
	header := records[start].fields
	l := layouts[source]
	for name := range l.columns {
		if indexOf(header, name) < 0 {
			t.Fatalf("column %s is missing", name)
		}
	}
	out := reading{faults: map[string]int{}, total: -1}
	body := records[start+1:]
	body = out.cutTotal(t, body)

	type candidate struct {
		row    loaded
		reason string
	}
	var found []candidate
	people := map[string]bool{}
	for _, r := range body {
		if blank(r) {
			continue
		}
		c := candidate{row: loaded{}}
		switch {
		case r.broken:
			c.reason = "quoting"
		case len(r.fields) != len(header):
			c.reason = "fields"
		default:
			c.reason = out.convert(l, header, r.fields, c.row)
		}
		if bsn := c.row["Burgerservicenr"]; c.reason == "" && bsn != "" {
			people[bsn] = true
		}
		found = append(found, c)
	}
	if out.total >= 0 && out.total != len(found) {
		t.Errorf("total row says %d, there are %d records", out.total, len(found))
	}
	keys := map[string]bool{}
	nine := regexp.MustCompile(`\b\d{9}\b`)
	for _, c := range found {
		if c.reason == "" {
			for name, kind := range l.columns {
				if strings.HasPrefix(kind, "t") && people[nine.FindString(c.row[name])] {
					c.reason = "bsn in text"
				}
			}
		}
		if c.reason == "" {
			key := ""
			for _, name := range l.key {
				key += c.row[name] + "|"
			}
			if keys[key] {
				c.reason = "key"
			}
			keys[key] = true
		}
		if c.reason != "" {
			out.faults[c.reason]++
			continue
		}
		out.rows = append(out.rows, c.row)
	}
	return out
}

// cutTotal removes a total row among the last five records, and everything below it.
func (r *reading) cutTotal(t *testing.T, body []rawRecord) []rawRecord {
	t.Helper()
	for i := max(0, len(body)-5); i < len(body); i++ {
		line := strings.Join(body[i].fields, ";")
		if !strings.HasPrefix(strings.ToLower(line), "totaal") {
			continue
		}
		digits := regexp.MustCompile(`[0-9.]+`).FindString(line)
		n, err := strconv.Atoi(strings.ReplaceAll(digits, ".", ""))
		if err != nil {
			t.Fatalf("total row without a number: %q", line)
		}
		r.total = n
		return body[:i]
	}
	return body
}

// thousandsOrDecimals matches a number whose point may be either.
var thousandsOrDecimals = regexp.MustCompile(`^[1-9]\d*\.\d{3}$`)

// convert fills row and returns the reason why the fields cannot be read, or "".
func (r *reading) convert(l layout, header, fields []string, row loaded) string {
	for i, name := range header {
		v, kind := strings.TrimSpace(fields[i]), l.columns[name]
		if v == "" {
			if strings.HasSuffix(kind, "!") {
				return "empty"
			}
			continue
		}
		var ok bool
		switch kind = strings.TrimSuffix(kind, "!"); kind {
		case "b":
			if strings.Contains(v, ".") {
				r.dotted++
				v = strings.ReplaceAll(v, ".", "")
			}
			if len(v) == 8 {
				r.padded++
				v = "0" + v
			}
			if ok = passes(v); !ok {
				r.elfproef++
			}
		case "t":
			ok = true
		case "d":
			v, ok = isoDate(v)
		case "n", "i":
			unclear := thousandsOrDecimals.MatchString(v)
			if strings.Contains(v, ",") {
				v = strings.ReplaceAll(v, ".", "")
			}
			v = strings.Replace(v, ",", ".", 1)
			f, err := strconv.ParseFloat(v, 64)
			ok = err == nil && !unclear && f >= 0 && (kind == "n" || f == float64(int(f)))
		case "j":
			v = strings.ToUpper(v)[:1]
			ok = v == "J" || v == "N"
		default:
			v = strings.ToUpper(v)
			ok = indexOf(strings.Split(kind, ","), v) >= 0
		}
		if !ok {
			return "type of " + name
		}
		row[name] = v
	}
	return ""
}

// passes implements the elfproef.
func passes(bsn string) bool {
	if len(bsn) != 9 || bsn == "000000000" || strings.Trim(bsn, "0123456789") != "" {
		return false
	}
	sum := 0
	for i, weight := range []int{9, 8, 7, 6, 5, 4, 3, 2, -1} {
		sum += weight * int(bsn[i]-'0')
	}
	return sum%11 == 0
}

// isoDate parses the three notations; it returns "" for 00000000.
func isoDate(v string) (string, bool) {
	if v == "00000000" {
		return "", true
	}
	var y, m, d string
	switch {
	case len(v) == 8 && !strings.Contains(v, "-"):
		y, m, d = v[:4], v[4:6], v[6:]
	case strings.Count(v, "-") != 2:
		return "", false
	default:
		p := strings.Split(v, "-")
		y, m, d = p[0], p[1], p[2]
		if len(y) != 4 {
			y, d = d, y
		}
	}
	year, err1 := strconv.Atoi(y)
	month, err2 := strconv.Atoi(m)
	dom, err3 := strconv.Atoi(d)
	if err1 != nil || err2 != nil || err3 != nil || month < 1 || month > 12 || dom < 1 {
		return "", false
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if year%4 == 0 && year%100 != 0 || year%400 == 0 {
		days[1] = 29
	}
	if dom > days[month-1] {
		return "", false
	}
	return strings.Join([]string{y, pad(m), pad(d)}, "-"), true
}

func pad(v string) string {
	if len(v) == 1 {
		return "0" + v
	}
	return v
}

func indexOf(list []string, v string) int {
	for i, w := range list {
		if w == v {
			return i
		}
	}
	return -1
}
