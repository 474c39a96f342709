package report

import (
	"bytes"
	"strings"
	"testing"
)

// The page shows every value in Dutch notation, and escapes it.
func TestPersonHTML(t *testing.T) {
	t.Parallel()
	value := func(name, kind, text string) PersonValue { return PersonValue{Name: name, Type: kind, Value: &text} }
	p := Person{
		Title: "Proef", Made: "2021-01-04", RetainLanding: 30,
		Sources: []PersonSource{{Source: "banen", Description: "Banen", Deliveries: []PersonDelivery{{
			File: "banen.csv", Peildatum: "2020-12-31", Received: "2021-01-04", Status: "ingetrokken",
			Rows: []PersonRow{{Line: "7", Values: []PersonValue{
				value("Naam", "VARCHAR", "<b>J. de Vries</b>"), value("Uren", "DECIMAL(18,6)", "13.500000"), value("Loon", "DECIMAL(18,2)", "20.00"), value("Vast", "BOOLEAN", "true"), value("Proef", "BOOLEAN", "false"),
				value("Begin", "DATE", "2020-02-01"), value("Aantal", "INTEGER", "2020"),
				{Name: "Einde", Type: "DATE"},
			}}},
		}}}},
	}
	var page bytes.Buffer
	if err := p.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Het is gemaakt op 04-01-2021.", "We wissen een bestand 30 dagen nadat", "bewaren we zolang de tellingen erover gaan", "<caption>Regel 7 van het bestand</caption>",
		"<td>&lt;b&gt;J. de Vries&lt;/b&gt;</td>", "<td>13,5</td>", "<td>20</td>", "<td>ja</td>", "<td>nee</td>", "<td>01-02-2020</td>", "<td>2020</td>", "<td>niet ingevuld</td>",
		"Dit bestand is ingetrokken.", "Het bestand zelf is gewist.", "Deze gegevens krijgen we van: onbekend.", "Zulke tabellen zijn er nu niet.",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	p.RetainLake = 400
	page.Reset()
	if err := p.HTML(&page); err != nil || !strings.Contains(page.String(), "Wat is ingelezen wissen we 400 dagen nadat") {
		t.Errorf("%v", err)
	}
}
