package notify

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	htmltemplate "html/template"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"

	"inbeeld/pipeline/dutch"
)

//go:embed templates
var templates embed.FS

var (
	plainTemplate = template.Must(template.ParseFS(templates, "templates/message.txt.tmpl"))
	richTemplate  = htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/message.html.tmpl"))
)

// A view is the data of the templates of a message.
type view struct {
	Kind               Kind
	Subject, Recipient string
	Sections           []section
	Open               []line
	More               int // open alerts that are not listed
	Affects            []string
	Published          string // "" when nothing is
	Peildata           []sourceDate
	Blocked, Waiting   bool
	Attached           bool
	Link               string
}

// A section holds the entries of one check.
type section struct {
	Title, Action string
	Cards         []card
}

type card struct {
	ID, Label, Change, Ernst, Text, Note string
	Value, Limit, Previous, Since        string
}

type line struct{ ID, Title, Label, Ernst, Since, Note string }

type sourceDate struct{ Source, Date string }

// mostOpen is the number of unchanged alerts that a message lists.
const mostOpen = 20

// render fills in the subject, text and HTML of a message.
func render(m *Message, marts Marts, settings Settings, zone *time.Location) error {
	m.Subject = subject(*m, marts.Name)
	v := view{Kind: m.Kind, Subject: m.Subject, Recipient: recipientLabel(m.Recipient), Link: settings.Link, Blocked: marts.Blocked, Waiting: marts.Waiting, Attached: len(m.Attachments) > 0}
	if !marts.Published.IsZero() {
		local := marts.Published.In(zone)
		v.Published = dutch.Moment(local)
	}
	for _, source := range slices.Sorted(maps.Keys(marts.Peildata)) {
		v.Peildata = append(v.Peildata, sourceDate{strings.ReplaceAll(source, "_", " "), dutch.Date(marts.Peildata[source])})
	}
	v.Sections, v.Affects = sections(m.Changed)
	for _, e := range m.Open {
		if len(v.Open) == mostOpen {
			v.More = len(m.Open) - mostOpen
			break
		}
		l := line{ID: AlertID(e.Check, e.Group), Title: dutch.Capital(e.Title), Ernst: ernstWords[e.Ernst], Since: dutch.Date(e.Since), Note: e.Note}
		if e.Preposition != "" {
			l.Label = e.label()
		}
		v.Open = append(v.Open, l)
	}
	return v.write(m)
}

// sections groups entries by check, in order of first appearance, and returns the marts that they affect.
func sections(changed []Entry) (out []section, affects []string) {
	at := map[string]int{}
	doing := map[int][]Entry{}
	for _, e := range changed {
		i, ok := at[e.Check]
		if !ok {
			i = len(out)
			at[e.Check] = i
			out = append(out, section{Title: dutch.Capital(e.Title)})
		}
		if e.Action != "" {
			doing[i] = append(doing[i], e)
		}
		c := card{
			ID: AlertID(e.Check, e.Group), Change: e.change(), Ernst: e.Ernst, Text: e.Text, Note: e.Note,
			Value: e.Value, Limit: e.Limit, Previous: e.Previous, Since: dutch.Date(e.Since),
		}
		if e.Preposition != "" {
			c.Label = e.label()
			c.Change = strings.ToLower(c.Change[:1]) + c.Change[1:]
		}
		out[i].Cards = append(out[i].Cards, c)
		affects = append(affects, e.Affects...)
	}
	for i, entries := range doing {
		out[i].Action = action(entries)
	}
	slices.Sort(affects)
	return out, slices.Compact(affects)
}

// action returns what to do about the entries of one check: one text for all groups where the texts differ
// in the name of the group only.
func action(entries []Entry) string {
	const group = "\x00"
	var groups, patterns, all []string
	for _, e := range entries {
		groups = append(groups, e.label())
		all = append(all, e.Action)
		if e.Group != "" {
			patterns = append(patterns, strings.ReplaceAll(e.Action, e.Group, group))
		}
	}
	if len(entries) > 1 && len(patterns) == len(all) && len(slices.Compact(slices.Sorted(slices.Values(patterns)))) == 1 {
		return strings.ReplaceAll(patterns[0], group, dutch.And(groups))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func (v view) write(m *Message) error {
	var text, page bytes.Buffer
	if err := errors.Join(plainTemplate.Execute(&text, v), richTemplate.Execute(&page, v)); err != nil {
		return err
	}
	m.Text, m.HTML = strings.TrimSpace(text.String())+"\n", page.String()
	return nil
}

// AlertID returns a short name of an alert that people can type.
func AlertID(check, group string) string {
	sum := sha256.Sum256([]byte(alertKey(check, group)))
	return hex.EncodeToString(sum[:4])
}
