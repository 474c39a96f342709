package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/transform"
)

// situationQuery gives of what was not in order on one of the last stands, or blocks on any, the verdicts on
// these stands, the oldest first.
const situationQuery = `
select "check", groep, ernst, peildatum::varchar, sinds::varchar, coalesce(bericht, ''), is_laatste::varchar, uitleg
from (
    select *, row_number() over (partition by "check", groep order by peildatum desc) as van_achter
    from memory.meta.bevindingen_alle
)
where van_achter <= %d or ernst = 'blokkerend'
qualify bool_or(ernst in ('waarschuwing', 'alarm', 'blokkerend')) over (partition by "check", groep)
order by "check", groep, peildatum`

// Situate notes what messages can be made of.
func Situate(ctx context.Context, e *transform.Engine) (json.RawMessage, error) {
	rows, err := e.Session(0).Rows(ctx, fmt.Sprintf(situationQuery, notify.HistoryStands))
	if err != nil {
		return nil, fmt.Errorf("note what there is to tell: %w", err)
	}
	situation := notify.Situation{Verdicts: []notify.Verdict{}, Judged: map[string]notify.Judged{}}
	rules := map[string]JudgedRule{}
	for _, n := range e.Graph.Checks {
		last := graph.LastOf(e.Stands(n))
		for _, id := range n.Check.Query.Checks {
			rule, ok := n.Check.Rule(id)
			if !ok {
				continue
			}
			r := JudgedRule{Rule: rule, print: e.Graph.RuleFingerprint(n, rule), affects: e.Graph.AffectedMarts(rule), Audience: Audience{e.Book.Project, e.Graph}}
			rules[id] = r
			situation.Judged[id] = notify.Judged{Definition: r.print, Peildatum: last}
		}
	}
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r []*string) bool { return *r[0] != *rows[0][0] || *r[1] != *rows[0][1] })
		if n < 0 {
			n = len(rows)
		}
		if rule, ok := rules[*rows[0][0]]; ok {
			v, err := rule.Verdict(rows[:n])
			if err != nil {
				return nil, err
			}
			situation.Verdicts = append(situation.Verdicts, v)
		}
		rows = rows[n:]
	}
	return json.Marshal(situation)
}

// A JudgedRule is a rule with what messages say of it whatever it finds.
type JudgedRule struct {
	rule.Rule
	print    string
	affects  []string
	Audience Audience
}

// Verdict makes one of the stands of one group, the oldest first.
func (r JudgedRule) Verdict(stands [][]*string) (notify.Verdict, error) {
	last := stands[len(stands)-1]
	for _, s := range stands { // what blocks, blocks whatever came after it
		if *s[2] == notify.Blokkerend {
			last = s
		}
	}
	v := notify.Verdict{
		Check: r.ID(), Group: *last[1], Preposition: r.preposition(), Ernst: *last[2], Peildatum: *last[3], Since: *last[4],
		Affects: r.affects, Action: whatToDo(r.Rule), Definition: r.print,
	}
	if *last[6] != "true" && v.Ernst != notify.Blokkerend { // not found on the last stand
		v.Ernst = string(rule.OK)
	}
	v.Audience = r.Audience.of(r.Rule, v.Group, v.Ernst)
	var before judge.Message
	for _, s := range stands {
		v.History = append(v.History, notify.Stand{Peildatum: *s[3], Ernst: *s[2]})
		told, err := judge.ReadMessage(v.Check, *s[5], *s[7])
		if err != nil {
			return v, err
		}
		if *s[5] != "" || v.Title == "" {
			v.Title = told.Title
		}
		if s[3] == last[3] {
			v.Text, v.Value, v.Limit, v.Previous = told.Text, told.Value, told.Limit, before.Value
			v.Action = cmp.Or(told.Action, v.Action)
			break
		}
		before = told
	}
	if group := pseudonym.HideKey(v.Group); group != v.Group {
		v.Text, v.Group = strings.ReplaceAll(v.Text, v.Group, group), group
	}
	v.History = v.History[max(0, len(v.History)-notify.HistoryStands):]
	return v, nil
}

// preposition stands before the group of a rule.
func (r JudgedRule) preposition() string {
	if len(r.Per) == 0 {
		return ""
	}
	switch r.Per[0] {
	case "gebied":
		return "in het gebied"
	case "gemeente", "kwartaal":
		return "in"
	case "bron":
		return "van"
	}
	return "bij"
}

// whatToDo says in one sentence how a finding is usually solved.
func whatToDo(r rule.Rule) string {
	switch {
	case slices.Contains(r.Notify, notify.Supplier):
		return "Kijk in de levering wat er anders is. Is de levering fout, stuur dan een verbeterde levering met dezelfde peildatum in de naam."
	case slices.Contains(r.Notify, notify.Uitvoeringsdienst):
		return "Bespreek met de consulenten van de gemeente om wie het gaat en wat er nog moet gebeuren."
	case slices.Contains(r.Notify, notify.DataTeam):
		return "Bekijk om welke rijen het gaat en of de levering of de regel niet klopt."
	}
	return ""
}
