package pipeline

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
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
)

// alertZone is where days begin and hours are quiet.
const alertZone = "Europe/Amsterdam"

// box is the folder of messages of a data directory.
func box(data string) notify.Box { return notify.Box{Dir: filepath.Join(data, "alerts")} }

// alertSettings are those of the options, or else of the project.
func (r *runner) alertSettings() notify.Settings {
	if r.Alerts.Configured() {
		return r.Alerts.WithDefaults()
	}
	return r.project.Config.Alerts.WithDefaults()
}

// telling says whether this run tells anybody anything.
func (r *runner) telling() bool {
	return r.aside() == "" && r.project != nil && r.alertSettings().Configured()
}

// tell writes the messages of this run into the outbox. What goes wrong is noted: the next run, which
// finds them untold, makes them again.
func (r *runner) tell(ctx context.Context) {
	began := r.Now().UTC()
	failure := ""
	if r.result.Outcome == mart.Failed {
		failure = r.run.Failure
	}
	in, err := r.toTell(failure)
	var messages []notify.Message
	if err == nil {
		messages, err = notify.Compose(in)
	}
	if err == nil {
		err = r.reports(ctx, messages)
	}
	r.at("composed")
	if err == nil {
		err = box(r.Data).Put(messages)
	}
	r.run.Stages = append(r.run.Stages, ledger.Stage{Name: "notify", Started: began, Counts: map[string]int64{"messages": int64(len(messages))}})
	if err != nil {
		r.note("meldingen konden niet worden klaargezet, de volgende run doet het opnieuw: %v", err)
	}
	for _, role := range r.unaddressed(in) {
		r.note("alerts: %s has no address; what is meant for it goes to %s", role, notify.DataTeam)
	}
	r.at("notify")
}

// unaddressed are recipients of alerts that nobody is behind.
func (r *runner) unaddressed(in notify.Input) []string {
	var all []string
	for _, v := range in.Verdicts {
		if v.Ernst != string(checks.OK) {
			all = append(all, v.Audience...)
		}
	}
	return in.Settings.Unaddressed(all)
}

// toTell gathers what messages are made of; failure is why the run failed, "" when it did not.
func (r *runner) toTell(failure string) (notify.Input, error) {
	in := notify.Input{Run: r.run.ID, Settings: r.alertSettings()}
	zone, err := time.LoadLocation(alertZone)
	if err != nil {
		return in, err
	}
	in.Now = r.Now().In(zone)
	if in.Messages, err = box(r.Data).Messages(); err != nil {
		return in, err
	}
	for _, d := range r.decisions {
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
	in.Verdicts = slices.Concat([]notify.Verdict{ended(failure)}, now.Verdicts, r.incidents(), r.timed(), planned)
	if !in.Partial {
		in.Verdicts = append(in.Verdicts, r.waiting()...)
	}
	for _, o := range r.overdue {
		in.Verdicts = append(in.Verdicts, o.verdict(in.Now))
	}
	return in, nil
}

func (r *runner) martAge() (notify.Marts, error) {
	name := "Banenafspraak"
	if r.project.Config.Standalone {
		name = r.project.Config.Title
	}
	marts := notify.Marts{Name: name, Blocked: r.result.Outcome == mart.Blocked, Waiting: r.result.Outcome == mart.Waiting}
	_, manifest, err := r.store.Current()
	if err != nil || manifest == nil {
		return marts, err
	}
	marts.Published, marts.Peildata = manifest.Published, manifest.Peildata
	return marts, nil
}

// situations are what the checks say now, and what the run that judged before that said. A run with
// nothing to do has the situation of what is published; one that failed has none.
func (r *runner) situations() (now, before notify.Situation, partial bool, err error) {
	ids, err := r.book.IDs()
	if err != nil {
		return now, before, false, err
	}
	of := r.run.ID
	switch r.result.Outcome {
	case mart.NothingToDo:
		version, err := r.store.Version()
		if err != nil {
			return now, before, false, err
		}
		of = version
	case mart.Published, mart.Blocked, mart.Waiting, mart.Held:
	default:
		return now, before, true, nil
	}
	current := r.run
	if of != r.run.ID {
		if current, err = r.book.Read(of); err != nil {
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
		run, err := r.book.Read(id)
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
func ended(failure string) notify.Verdict {
	v := notify.Verdict{
		Check: "run", Group: "alle", Title: "de run is mislukt", Ernst: string(checks.OK), Text: "De run is weer gelukt.", Audience: []string{notify.DataTeam},
	}
	if failure != "" {
		v.Ernst, v.Text, v.Action = notify.Alarm, "De run is gestopt: "+pseudonym.WithoutValues(errors.New(failure))+".", "Verhelp de oorzaak en start opnieuw met: inbeeld run. Meer staat in: inbeeld show."
	}
	return v
}

// A timedVerdict is one on time, by the clock of this run.
type timedVerdict struct {
	rule checks.Rule
	checks.Verdict
	last time.Time
}

func (r *runner) timed() []notify.Verdict {
	var out []notify.Verdict
	for _, t := range r.timely {
		v := notify.Verdict{
			Check: t.Check, Group: t.Group, Title: strings.ReplaceAll(t.rule.Table, "_", " ") + " is te laat", Ernst: string(t.Ernst), Text: t.Explanation,
			Audience: audience{r.project, r.bound}.of(t.rule, t.Group, string(t.Ernst)),
		}
		if t.Ernst != checks.OK {
			v.Action = cmp.Or(t.Action, "Stuur de levering zo snel mogelijk, of laat weten wanneer die komt.")
		}
		out = append(out, v)
	}
	return out
}
