package mart

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
	"time"
)

//go:embed status.txt.tmpl
var statusTemplate string

var months = [...]string{
	"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
	"november", "december",
}

// statusText is the status for a person in an explorer window, in Dutch.
func statusText(st Status) ([]byte, error) {
	zone := st.Finished.Location()
	t, err := template.New(statusTextName).Funcs(template.FuncMap{
		"moment": func(t time.Time) string { return dutchDate(t.In(zone)) + t.In(zone).Format(", 15.04 uur") },
		"datum":  dutchPeildatum,
	}).Parse(statusTemplate)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = t.Execute(&buf, st)
	return buf.Bytes(), err
}

// dutchPeildatum writes a date of the form jjjj-mm-dd out; any other text stays as it is.
func dutchPeildatum(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return dutchDate(t)
}

func dutchDate(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year())
}
