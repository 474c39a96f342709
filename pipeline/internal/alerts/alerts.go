package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
)

// alertZone is the time zone of days and quiet hours.
const alertZone = "Europe/Amsterdam"

// box returns the outbox of a data directory.
func box(data string) notify.Outbox { return notify.Outbox{Dir: filepath.Join(data, "alerts")} }

// A Composer composes the messages about a run, or about the last one.
type Composer struct {
	*intake.Book
	*publish.Site
	Settings notify.Settings
	Graph    *graph.Graph // may be nil if all rules are about deliveries
	Outcome  mart.Outcome // of the run
	Ages     audit.Ages
}

// Settings returns the given settings, or else those of the project.
func Settings(own notify.Settings, p *project.Project) notify.Settings {
	if own.Configured() {
		return own.WithDefaults()
	}
	return p.Config.Alerts.WithDefaults()
}

// Compose writes the messages of this run to the outbox. It records an error as a note of the run; the next
// run then composes them again.
func (t *Composer) Compose(ctx context.Context) {
	began := t.Now().UTC()
	failure := ""
	if t.Outcome == mart.Failed {
		failure = t.Run.Failure
	}
	in, err := t.input(failure)
	var messages []notify.Message
	if err == nil {
		messages, err = notify.Compose(in)
	}
	if err == nil {
		err = t.reports(ctx, messages)
	}
	t.Checkpoint("composed")
	if err == nil {
		err = box(t.Path).Put(messages)
	}
	t.Run.Stages = append(t.Run.Stages, ledger.Stage{Name: "notify", Started: began, Counts: map[string]int64{"messages": int64(len(messages))}})
	if err != nil {
		t.Note("meldingen konden niet worden klaargezet, de volgende run doet het opnieuw: %v", err)
	}
	for _, role := range t.unaddressed(in) {
		t.Note("alerts: %s has no address; its messages go to %s", role, notify.DataTeam)
	}
	t.Checkpoint("notify")
}

// unaddressed returns the recipients of open alerts that have no address.
func (t *Composer) unaddressed(in notify.Input) []string {
	var all []string
	for _, v := range in.Conditions {
		if v.Ernst != string(rule.OK) {
			all = append(all, v.Audience...)
		}
	}
	return in.Settings.Unaddressed(all)
}

// without gathers the input of the messages of a run, without conditions and decisions.
func (t *Composer) without(run string) (notify.Input, error) {
	in := notify.Input{Run: run, Settings: t.Settings}
	zone, err := time.LoadLocation(alertZone)
	if err != nil {
		return in, err
	}
	in.Now = t.Now().In(zone)
	if in.Marts, err = t.martAge(); err != nil {
		return in, err
	}
	in.Messages, err = box(t.Path).Messages()
	return in, err
}

// input gathers the input of the messages; failure is why the run failed, or "".
func (t *Composer) input(failure string) (notify.Input, error) {
	in, err := t.without(t.Run.ID)
	if err != nil {
		return in, err
	}
	for _, d := range t.Decisions {
		if d.Alert != nil {
			in.Decisions = append(in.Decisions, notify.Decision{
				Kind: notify.DecisionKind(d.Kind), Check: d.Alert.Check, Group: d.Alert.Group, Who: d.Who, Reason: d.Reason, At: d.At,
				Until: d.Alert.Until, Peildatum: d.Alert.Peildatum, Ernst: d.Alert.Ernst,
			})
		}
	}
	var now, before notify.Situation
	if now, before, in.Partial, err = t.situations(); err != nil {
		return in, err
	}
	planned, err := t.planned()
	if err != nil {
		return in, err
	}
	in.Judged, in.Before = now.Judged, before.Judged
	in.Conditions = slices.Concat([]notify.Condition{Ended(failure)}, now.Conditions, t.incidents(), t.timed(), planned)
	if !in.Partial {
		in.Conditions = append(in.Conditions, t.waiting()...)
	}
	for _, o := range t.Ages.Overdue {
		in.Conditions = append(in.Conditions, overdueCondition(o, in.Now))
	}
	return in, nil
}

// martAge returns what messages say about the published marts.
func (t *Composer) martAge() (notify.Marts, error) {
	name := "Banenafspraak"
	if t.Project.Config.Standalone {
		name = t.Project.Config.Title
	}
	marts := notify.Marts{Name: name, Blocked: t.Outcome == mart.Blocked, Waiting: t.Outcome == mart.Waiting}
	_, manifest, err := t.Store.Current()
	if err != nil || manifest == nil {
		return marts, err
	}
	marts.Published, marts.Peildata = manifest.Published, manifest.Peildata
	return marts, nil
}

// situations returns the verdicts of this run, and those of the previous run that judged. A run with nothing to
// do has those of the published version; a failed run has none, and is partial.
func (t *Composer) situations() (now, before notify.Situation, partial bool, err error) {
	ids, err := t.Ledger.IDs()
	if err != nil {
		return now, before, false, err
	}
	of := t.Run.ID
	switch t.Outcome {
	case mart.NothingToDo:
		version, err := t.Store.Version()
		if err != nil {
			return now, before, false, err
		}
		of = version
	case mart.Published, mart.Blocked, mart.Waiting, mart.Pinned:
	default:
		return now, before, true, nil
	}
	current := t.Run
	if of != t.Run.ID {
		if current, err = t.Ledger.Read(of); err != nil {
			return now, before, true, nil // the ledger of the published run is gone
		}
	}
	if current.Situation == nil {
		return now, before, true, nil
	}
	for _, id := range slices.Backward(ids) {
		if id >= of {
			continue
		}
		run, err := t.Ledger.Read(id)
		if err != nil {
			return now, before, false, err
		}
		if run.Situation != nil {
			before = *run.Situation
			break
		}
	}
	return *current.Situation, before, false, nil
}

// Ended returns the condition of the run itself; failure is why it failed, or "".
func Ended(failure string) notify.Condition {
	v := notify.Condition{
		Check: "run", Group: "alle", Title: "de run is mislukt", Ernst: string(rule.OK), Text: "De run is weer gelukt.", Audience: []string{notify.DataTeam},
	}
	if failure != "" {
		v.Ernst, v.Text, v.Action = notify.Alarm, "De run is gestopt: "+pseudonym.WithoutValues(errors.New(failure))+".", "Verhelp de oorzaak en start opnieuw met: inbeeld run. Meer staat in: inbeeld show."
	}
	return v
}

// timed returns the conditions of the freshness checks.
func (t *Composer) timed() []notify.Condition {
	var out []notify.Condition
	for _, late := range t.Ages.Timely {
		v := notify.Condition{
			Check: late.Check, Group: late.Group, Title: audit.TooLate(late.Rule), Ernst: string(late.Ernst), Text: late.Explanation,
			Audience: Audience{t.Project, t.Graph}.of(late.Rule, late.Group, string(late.Ernst)),
		}
		if late.Ernst != rule.OK {
			v.Action = cmp.Or(late.Action, "Stuur de levering zo snel mogelijk, of laat weten wanneer die komt.")
		}
		out = append(out, v)
	}
	return out
}

// waiting returns the conditions of a publication that waits for approval. A changed definition is reported once, in
// the notice about definitions; an exceeded budget is an alert like others.
func (t *Composer) waiting() []notify.Condition {
	budget := notify.Condition{
		Check: "wijzigingsbudget", Group: "alle", Title: "cijfers wachten op goedkeuring", Ernst: string(rule.OK),
		Text: "De cijfers veranderen niet meer dan mag.", Audience: []string{notify.DataTeam},
	}
	if t.Run.Hold == nil {
		return []notify.Condition{budget}
	}
	text := "De publicatie wacht op goedkeuring. " + strings.Join(publish.Waiting(t.Run.Changes, t.Run.Hold.Deliveries), " ")
	action := fmt.Sprintf("Bekijk het met: inbeeld show %s. Klopt het, keur het dan goed met: inbeeld approve %s --reason '…'. Klopt het niet, draai de wijziging dan terug.", t.Run.ID, t.Run.ID)
	var marts []string
	for _, c := range t.Run.Changes {
		if len(c.Over) > 0 {
			marts = append(marts, c.Mart)
		}
	}
	v := budget
	v.Ernst, v.Text, v.Action, v.Affects = notify.Blokkerend, text, action, marts
	if t.Run.Hold.Redefined == "" {
		return []notify.Condition{v}
	}
	v.Check, v.Group = notify.Redefined, t.Run.Hold.Redefined
	return []notify.Condition{budget, v}
}
