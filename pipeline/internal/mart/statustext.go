package mart

import (
	"bytes"
	_ "embed"
	"text/template"
	"time"

	"inbeeld/pipeline/dutch"
)

//go:embed status.txt.tmpl
var statusTemplate string

// statusText writes the status in Dutch, with times in the zone in which the run finished.
func statusText(st Status) ([]byte, error) {
	zone := st.Finished.Location()
	t, err := template.New(statusTextName).Funcs(template.FuncMap{
		"moment": func(t time.Time) string { return dutch.Moment(t.In(zone)) },
		"datum":  dutch.Date,
	}).Parse(statusTemplate)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = t.Execute(&buf, st)
	return buf.Bytes(), err
}
