package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"inbeeld/pipeline/dutch"
)

// A Person is the answer to a person who asks what is stored about them (AVG art. 15). It has the same
// parts if nothing is stored.
type Person struct {
	Title       string `json:"titel"`
	Description string `json:"doel"`
	Made        string `json:"gemaakt_op"` // yyyy-mm-dd, like all dates here
	// RetainLanding and RetainLake are the days that originals and loaded rows are retained; 0 is forever.
	RetainLanding int            `json:"dagen_bestand"`
	RetainLake    int            `json:"dagen_gegevens"`
	Sources       []PersonSource `json:"bronnen"`
	// Files lists the remaining originals that contain the BSN of the person or cannot be read.
	Files []PersonDelivery `json:"bestanden"`
	// Tables lists the published tables about persons, with the rows of this one.
	Tables []PersonTable `json:"tabellen"`
}

// A PersonSource is what one source has about a person, by peildatum.
type PersonSource struct {
	Source      string           `json:"bron"`
	Description string           `json:"omschrijving"`
	Supplier    string           `json:"leverancier"`
	Deliveries  []PersonDelivery `json:"leveringen"`
}

// A PersonDelivery is a file, with what it has about a person.
type PersonDelivery struct {
	Source    string `json:"bron"`
	Delivery  string `json:"levering"`
	File      string `json:"bestand"`
	Peildatum string `json:"peildatum"`
	Received  string `json:"ontvangen_op"`
	Status    string `json:"status"`
	// Until is the day on which the original is removed, or "" if it was.
	Until string      `json:"bestand_tot,omitempty"`
	Rows  []PersonRow `json:"regels,omitempty"`
}

// A PersonTable is a published table with the rows of a person.
type PersonTable struct {
	Name        string      `json:"tabel"`
	Description string      `json:"omschrijving"`
	Rows        []PersonRow `json:"regels"`
}

// A PersonRow is one record. Line is its place in the file, or "" in a table.
type PersonRow struct {
	Line   string        `json:"regel,omitempty"`
	Values []PersonValue `json:"gegevens"`
}

// A PersonValue is one field. Value is nil if the field is empty; Type is in DuckDB's notation.
type PersonValue struct {
	Name        string  `json:"gegeven"`
	Description string  `json:"betekenis,omitempty"`
	Type        string  `json:"-"`
	Value       *string `json:"waarde"`
}

//go:embed person.html.tmpl
var personTemplate string

// HTML writes the answer as one self-contained page in Dutch.
func (p Person) HTML(w io.Writer) error {
	t, err := template.New("person").Funcs(template.FuncMap{"datum": dutch.ShortDate, "waarde": PersonValue.text, "stand": statusText}).Parse(personTemplate)
	if err == nil {
		err = t.Execute(w, p)
	}
	if err != nil {
		return fmt.Errorf("write what is stored about a person: %w", err)
	}
	return nil
}

// text returns a value in Dutch notation.
func (v PersonValue) text() string {
	switch kind, _, _ := strings.Cut(v.Type, "("); {
	case v.Value == nil:
		return "niet ingevuld"
	case kind == "BOOLEAN" && *v.Value == "true":
		return "ja"
	case kind == "BOOLEAN":
		return "nee"
	case kind == "DECIMAL":
		return dutch.Plain(*v.Value)
	case kind == "DATE":
		return dutch.ShortDate(*v.Value)
	default:
		return *v.Value
	}
}

// statusText explains the status of a delivery.
func statusText(status string) string {
	words := map[string]string{
		"aanvaard": "Deze gegevens worden gebruikt.", "vervangen": "Er is een nieuwer bestand. Deze gegevens worden niet meer gebruikt.",
		"ingetrokken": "Dit bestand is ingetrokken. Deze gegevens worden niet gebruikt.", "geweigerd": "Dit bestand is geweigerd. Deze gegevens worden niet gebruikt.",
	}
	return cmp.Or(words[status], status)
}
