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

var events = template.Must(template.New("events").Parse(eventText))

// sentence is the Dutch text of an event, with the window on the clock of its schedule.
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
	if err := events.ExecuteTemplate(&b, kind, values); err != nil {
		panic("the texts of events are part of the program: " + err.Error())
	}
	return strings.TrimSpace(b.String())
}
