package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/checks"
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

// alertZone is where days begin and hours are quiet.
const alertZone = "Europe/Amsterdam"

// box is the folder of messages of a data directory.
func box(data string) notify.Box { return notify.Box{Dir: filepath.Join(data, "alerts")} }

// A Teller makes messages of what a run, or the last run, found.
type Teller struct {
	*intake.Book
	*publish.Site
	Settings notify.Settings
	Graph    *graph.Graph // nil when only tables of deliveries are asked for
	Outcome  mart.Outcome // of the run
	Ages     audit.Ages
}

// Settings are those given, or else those of the project.
func Settings(own notify.Settings, p *project.Project) notify.Settings {
	if own.Configured() {
		return own.WithDefaults()
	}
	return p.Config.Alerts.WithDefaults()
}

// Tell writes the messages of this run into the outbox. What goes wrong is noted: the next run, which
// finds them untold, makes them again.
func (r *Teller) Tell(ctx context.Context) {
	began := r.Now().UTC()
	failure := ""
	if r.Outcome == mart.Failed {
		failure = r.Run.Failure
	}
	in, err := r.toTell(failure)
	var messages []notify.Message
	if err == nil {
		messages, err = notify.Compose(in)
	}
	if err == nil {
		err = r.reports(ctx, messages)
	}
	r.At("composed")
	if err == nil {
		err = box(r.Path).Put(messages)
	}
	r.Run.Stages = append(r.Run.Stages, ledger.Stage{Name: "notify", Started: began, Counts: map[string]int64{"messages": int64(len(messages))}})
	if err != nil {
		r.Note("meldingen konden niet worden klaargezet, de volgende run doet het opnieuw: %v", err)
	}
	for _, role := range r.unaddressed(in) {
		r.Note("alerts: %s has no address; what is meant for it goes to %s", role, notify.DataTeam)
	}
	r.At("notify")
}

// unaddressed are recipients of alerts that nobody is behind.
func (r *Teller) unaddressed(in notify.Input) []string {
	var all []string
	for _, v := range in.Verdicts {
		if v.Ernst != string(checks.OK) {
			all = append(all, v.Audience...)
		}
	}
	return in.Settings.Unaddressed(all)
}

// toTell gathers what messages are made of; failure is why the run failed, "" when it did not.
func (r *Teller) toTell(failure string) (notify.Input, error) {
	in := notify.Input{Run: r.Run.ID, Settings: r.Settings}
	zone, err := time.LoadLocation(alertZone)
	if err != nil {
		return in, err
	}
	in.Now = r.Now().In(zone)
	if in.Messages, err = box(r.Path).Messages(); err != nil {
		return in, err
	}
	for _, d := range r.Decisions {
		if d.Alert != nil {
			in.Decisions = append(in.Decisions, notify.Decision{
				Kind: notify.DecisionKind(d.Kind), Check: d.Alert.Check, Group: d.Alert.Group, Who: d.Who, Reason: d.Reason, At: d.At,
				Until: d.Alert.Until, Peildatum: d.Alert.Peildatum, Ernst: d.Alert.Ernst,
			})
		}
	}
	if in.Marts, err = r.martAge(); err != nil {
		return in, err
	}
	var now, before notify.Situation
	if now, before, in.Partial, err = r.situations(); err != nil {
		return in, err
	}
	planned, err := r.planned()
	if err != nil {
		return in, err
	}
	in.Judged, in.Before = now.Judged, before.Judged
	in.Verdicts = slices.Concat([]notify.Verdict{Ended(failure)}, now.Verdicts, r.incidents(), r.timed(), planned)
	if !in.Partial {
		in.Verdicts = append(in.Verdicts, r.waiting()...)
	}
	for _, o := range r.Ages.Overdue {
		in.Verdicts = append(in.Verdicts, overdueVerdict(o, in.Now))
	}
	return in, nil
}

func (r *Teller) martAge() (notify.Marts, error) {
	name := "Banenafspraak"
	if r.Project.Config.Standalone {
		name = r.Project.Config.Title
	}
	marts := notify.Marts{Name: name, Blocked: r.Outcome == mart.Blocked, Waiting: r.Outcome == mart.Waiting}
	_, manifest, err := r.Store.Current()
	if err != nil || manifest == nil {
		return marts, err
	}
	marts.Published, marts.Peildata = manifest.Published, manifest.Peildata
	return marts, nil
}

// situations are what the checks say now, and what the run that judged before that said. A run with
// nothing to do has the situation of what is published; one that failed has none.
func (r *Teller) situations() (now, before notify.Situation, partial bool, err error) {
	ids, err := r.Ledger.IDs()
	if err != nil {
		return now, before, false, err
	}
	of := r.Run.ID
	switch r.Outcome {
	case mart.NothingToDo:
		version, err := r.Store.Version()
		if err != nil {
			return now, before, false, err
		}
		of = version
	case mart.Published, mart.Blocked, mart.Waiting, mart.Held:
	default:
		return now, before, true, nil
	}
	current := r.Run
	if of != r.Run.ID {
		if current, err = r.Ledger.Read(of); err != nil {
			return now, before, true, nil // the ledger of what is published is gone: nothing is known of it
		}
	}
	if partial, err = decodeSituation(current, &now); err != nil || partial {
		return now, before, partial, err
	}
	for _, id := range slices.Backward(ids) {
		if id >= of {
			continue
		}
		run, err := r.Ledger.Read(id)
		if err != nil {
			return now, before, false, err
		}
		if none, err := decodeSituation(run, &before); err != nil || !none {
			return now, before, false, err
		}
	}
	return now, before, false, nil
}

// decodeSituation reads what a run noted; none says that it has not judged.
func decodeSituation(run *ledger.Run, into *notify.Situation) (none bool, err error) {
	if len(run.Situation) == 0 {
		return true, nil
	}
	if err := json.Unmarshal(run.Situation, into); err != nil {
		return false, fmt.Errorf("read the situation in the ledger of run %s: %w", run.ID, err)
	}
	return false, nil
}

// ended is the verdict on the run itself.
func Ended(failure string) notify.Verdict {
	v := notify.Verdict{
		Check: "run", Group: "alle", Title: "de run is mislukt", Ernst: string(checks.OK), Text: "De run is weer gelukt.", Audience: []string{notify.DataTeam},
	}
	if failure != "" {
		v.Ernst, v.Text, v.Action = notify.Alarm, "De run is gestopt: "+pseudonym.WithoutValues(errors.New(failure))+".", "Verhelp de oorzaak en start opnieuw met: inbeeld run. Meer staat in: inbeeld show."
	}
	return v
}

func (r *Teller) timed() []notify.Verdict {
	var out []notify.Verdict
	for _, t := range r.Ages.Timely {
		v := notify.Verdict{
			Check: t.Check, Group: t.Group, Title: audit.TooLate(t.Rule), Ernst: string(t.Ernst), Text: t.Explanation,
			Audience: Audience{r.Project, r.Graph}.of(t.Rule, t.Group, string(t.Ernst)),
		}
		if t.Ernst != checks.OK {
			v.Action = cmp.Or(t.Action, "Stuur de levering zo snel mogelijk, of laat weten wanneer die komt.")
		}
		out = append(out, v)
	}
	return out
}

// waiting are the verdicts on a publication that waits for a person. One that waits for a changed definition
// is told once, in the notice about definitions; one that waits for a budget is an alert like others.
func (r *Teller) waiting() []notify.Verdict {
	budget := notify.Verdict{
		Check: "wijzigingsbudget", Group: "alle", Title: "cijfers wachten op goedkeuring", Ernst: string(checks.OK),
		Text: "De cijfers veranderen niet meer dan mag.", Audience: []string{notify.DataTeam},
	}
	if r.Run.Hold == nil {
		return []notify.Verdict{budget}
	}
	text := "De publicatie wacht op goedkeuring. " + strings.Join(publish.Waiting(r.Run.Changes, r.Run.Hold.Deliveries), " ")
	action := fmt.Sprintf("Bekijk het met: inbeeld show %s. Klopt het, keur het dan goed met: inbeeld approve %s --reason '…'. Klopt het niet, draai de wijziging dan terug.", r.Run.ID, r.Run.ID)
	var marts []string
	for _, c := range r.Run.Changes {
		if len(c.Over) > 0 {
			marts = append(marts, c.Mart)
		}
	}
	v := budget
	v.Ernst, v.Text, v.Action, v.Affects = notify.Blokkerend, text, action, marts
	if r.Run.Hold.Redefined == "" {
		return []notify.Verdict{v}
	}
	v.Check, v.Group = notify.Redefined, r.Run.Hold.Redefined
	return []notify.Verdict{budget, v}
}
