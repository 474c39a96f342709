package alerts

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sources/delivery"
)

// situationQuery selects, for each group that was not in order on one of its last stands or that blocks, the verdicts on
// these stands, oldest first.
const situationQuery = `from (
    from memory.meta.bevindingen_alle
    qualify ernst = 'blokkerend' or row_number() over (partition by "check", groep order by peildatum desc) <= %d
)
qualify bool_or(ernst in ('waarschuwing', 'alarm', 'blokkerend')) over (partition by "check", groep)
order by "check", groep, peildatum`

// Situate returns the verdicts of a run as messages need them.
func Situate(ctx context.Context, e *transform.Engine) (*notify.Situation, error) {
	verdicts, err := transform.Findings(ctx, e.Session(0), fmt.Sprintf(situationQuery, notify.HistoryStands))
	if err != nil {
		return nil, fmt.Errorf("read the verdicts for the alerts: %w", err)
	}
	situation := &notify.Situation{Conditions: []notify.Condition{}, Judged: map[string]notify.Judged{}}
	rules := map[string]JudgedRule{}
	for _, n := range e.Graph.Checks {
		last := graph.LastOf(e.Stands(n))
		for _, id := range n.Check.Query.Checks {
			rule, ok := n.Check.Rule(id)
			if !ok {
				continue
			}
			r := JudgedRule{Rule: rule, fingerprint: e.Graph.RuleFingerprint(n, rule), affects: e.Graph.AffectedMarts(rule), Audience: Audience{e.Book.Project, e.Graph}}
			rules[id] = r
			situation.Judged[id] = notify.Judged{Definition: r.fingerprint, Peildatum: last}
		}
	}
	for len(verdicts) > 0 {
		first := verdicts[0]
		n := slices.IndexFunc(verdicts, func(v judge.Verdict) bool { return v.Check != first.Check || v.Group != first.Group })
		if n < 0 {
			n = len(verdicts)
		}
		if rule, ok := rules[first.Check]; ok {
			situation.Conditions = append(situation.Conditions, rule.Condition(verdicts[:n]))
		}
		verdicts = verdicts[n:]
	}
	return situation, nil
}

// A JudgedRule is a rule with what messages about it always say.
type JudgedRule struct {
	rule.Rule
	fingerprint string
	affects     []string
	Audience    Audience
}

// Condition returns the condition of one group on its last stands, oldest first.
func (r JudgedRule) Condition(stands []judge.Verdict) notify.Condition {
	last := stands[len(stands)-1]
	for _, s := range stands { // a verdict that blocks does so whatever came later
		if s.Ernst == rule.Blokkerend {
			last = s
		}
	}
	c := notify.Condition{
		Check: r.ID(), Group: last.Group, Preposition: r.preposition(), Ernst: string(last.Ernst), Peildatum: last.Peildatum, Since: last.Since,
		Affects: r.affects, Action: whatToDo(r.Rule), Definition: r.fingerprint,
	}
	if !last.Last && last.Ernst != rule.Blokkerend { // not found on the last stand
		c.Ernst = string(rule.OK)
	}
	c.Audience = r.Audience.of(r.Rule, c.Group, c.Ernst)
	previous := ""
	for _, s := range stands {
		c.History = append(c.History, notify.Stand{Peildatum: s.Peildatum, Ernst: string(s.Ernst)})
		msg := s.Readable()
		if s.Message != (judge.Message{}) || c.Title == "" {
			c.Title = msg.Title
		}
		if s.Peildatum == last.Peildatum {
			c.Text, c.Value, c.Limit, c.Previous = msg.Text, msg.Value, msg.Limit, previous
			c.Action = cmp.Or(msg.Action, c.Action)
			break
		}
		previous = msg.Value
	}
	if group := pseudonym.HideKey(c.Group); group != c.Group {
		c.Text, c.Group = strings.ReplaceAll(c.Text, c.Group, group), group
	}
	c.History = c.History[max(0, len(c.History)-notify.HistoryStands):]
	return c
}

// preposition returns the word before the group of a rule.
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

// whatToDo returns a sentence on how a finding is usually solved.
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

// incidents returns the conditions of the last delivery of each source and peildatum. A refused delivery, or one
// with records in quarantine, is wrong until a later delivery is accepted.
func (t *Composer) incidents() []notify.Condition {
	state := t.State()
	newest := map[string]delivery.Delivery{}
	latest := map[string]int64{} // of accepted deliveries by source: the last receipt
	for _, d := range t.InScope() {
		s, _ := state.Standing(d.Source, d.ID)
		if t.Loads[lake.Key(d.Source, d.ID)] == nil || s.Status == delivery.Ingetrokken {
			continue
		}
		if s.Status == delivery.Aanvaard {
			latest[d.Source] = max(latest[d.Source], d.Newest().Sequence)
		}
		key := d.Source + " " + d.Peildatum
		if old, ok := newest[key]; !ok || old.Newest().Sequence < d.Newest().Sequence {
			newest[key] = d
		}
	}
	var out []notify.Condition
	for key, d := range newest {
		s, _ := state.Standing(d.Source, d.ID)
		out = append(out, t.incident(key, d, s, latest[d.Source] > d.Newest().Sequence))
	}
	slices.SortFunc(out, func(a, b notify.Condition) int { return cmp.Compare(a.Group, b.Group) })
	return out
}

// incidentCheck is the check of alerts about deliveries. Their group is a source with a peildatum.
const incidentCheck = "levering"

func (t *Composer) incident(key string, d delivery.Delivery, s delivery.Standing, over bool) notify.Condition {
	load := t.Loads[lake.Key(d.Source, d.ID)]
	file := pseudonym.Mask(d.Newest().File)
	v := notify.Condition{
		Check: incidentCheck, Group: key, Label: fmt.Sprintf("%s (%s)", strings.ReplaceAll(d.Source, "_", " "), dutch.Date(d.Peildatum)), Preposition: "van",
		Title: "levering", Ernst: string(rule.OK), Peildatum: d.Peildatum, Text: fmt.Sprintf("Het bestand %s is in orde.", file),
		Audience: []string{Audience{t.Project, nil}.supplier(d.Source)},
	}
	switch {
	case s.Status == delivery.Geweigerd:
		v.Title = "geweigerde levering"
		v.Ernst = notify.Alarm
		v.Text = fmt.Sprintf("Het bestand %s is geweigerd: %s. De cijfers blijven die van de vorige levering.", file, strings.Join(load.PublicReasonsFor(s), "; "))
		v.Action = "Verbeter het bestand en stuur het opnieuw, met dezelfde peildatum in de naam."
		v.Audience = append(v.Audience, notify.DataTeam)
	case load.Balance.InQuarantaine > 0:
		v.Title = "fouten in de levering"
		v.Ernst = notify.Waarschuwing
		some, all, _, _ := dutch.Part(big.NewRat(load.Balance.InQuarantaine, 1), big.NewRat(load.Balance.InQuarantaine+load.Balance.Geladen, 1))
		v.Text = fmt.Sprintf("Uit het bestand %s zijn %s van de %s records niet geladen, omdat er iets niet klopt. De andere records zijn geladen.",
			file, some, all)
		v.Action = "Verbeter de regels uit het overzicht en stuur het hele bestand opnieuw, of verbeter ze voor de volgende levering."
	}
	if load.Balance.InQuarantaine > 0 {
		v.Attachment = reportName(d)
	}
	if over && v.Ernst != string(rule.OK) {
		v.Ernst, v.Action, v.Attachment = string(rule.OK), "", ""
		v.Text = "Er is een latere levering aanvaard. Aan deze hoeft niets meer te gebeuren."
	}
	return v
}
