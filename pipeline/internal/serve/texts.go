package serve

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"inbeeld/schedules"
)

//go:embed events.tmpl
var eventText string

var eventTexts = template.Must(template.New("events").Parse(eventText))

// sentence returns the Dutch text of an event, with the window in the time zone of its schedule.
func sentence(kind, name string, window time.Time, sch *schedules.Schedule) string {
	values := map[string]string{"Schema": name, "Deadline": ""}
	if sch != nil {
		window = window.In(sch.Zone)
		if d := sch.Deadline; d != nil {
			values["Deadline"] = fmt.Sprintf("%02d.%02d", int(d.Hours()), int(d.Minutes())%60)
		}
	}
	values["Datum"], values["Tijd"] = window.Format("02-01-2006"), window.Format("15.04")
	var b strings.Builder
	if err := eventTexts.ExecuteTemplate(&b, kind, values); err != nil {
		panic("the event templates are broken: " + err.Error())
	}
	return strings.TrimSpace(b.String())
}
