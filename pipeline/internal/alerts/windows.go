package alerts

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/notify"
)

// overdueCondition is the condition of one retention period, in order or not.
func overdueCondition(o intake.Overdue, today time.Time) notify.Condition {
	v := notify.Condition{
		Check: intake.OverdueCheck, Group: o.Folder, Title: intake.OverdueTitle, Ernst: string(rule.OK), Peildatum: today.Format(time.DateOnly),
		Text: "Wat langer is bewaard dan afgesproken, is gewist.", Audience: []string{notify.DataTeam},
	}
	if o.Count > 0 {
		v.Ernst, v.Text, v.Action = notify.Alarm, o.Finding().Text, o.Action
	}
	return v
}

// planningCheck is the check of alerts about schedules. Their group is the name of the schedule.
const planningCheck = "planning"

// planned returns the conditions of the schedules with an event: an alarm until a later run, this one included, ends
// with the marts in order.
func (t *Composer) planned() ([]notify.Condition, error) {
	book := ledger.Ledger{Dir: filepath.Join(t.Path, "runs")}
	events, err := book.Events()
	if err != nil || len(events) == 0 {
		return nil, err
	}
	runs, _, err := (&ledger.Index{Ledger: book}).Runs()
	if err != nil {
		return nil, err
	}
	if t.Run != nil {
		runs = append(runs, t.Run)
	}
	open := map[string]ledger.Event{}
	for _, e := range ledger.Unresolved(events, runs) {
		open[e.Schedule] = e
	}
	var out []notify.Condition
	seen := map[string]bool{}
	for _, e := range events {
		if seen[e.Schedule] {
			continue
		}
		seen[e.Schedule] = true
		v := notify.Condition{
			Check: planningCheck, Group: e.Schedule, Title: "er is niet op tijd gepubliceerd", Ernst: string(rule.OK),
			Text: "Er is daarna weer gepubliceerd.", Audience: []string{notify.DataTeam},
		}
		if last, wrong := open[e.Schedule]; wrong {
			v.Ernst, v.Text, v.Peildatum = notify.Alarm, last.Text, last.Window.UTC().Format(time.DateOnly)
			v.Action = "Kijk wat er is gebeurd met: inbeeld runs. Start daarna opnieuw met: inbeeld run."
		}
		out = append(out, v)
	}
	return out, nil
}

// composePlanned writes the messages about schedules to the outbox, without a run.
func (t *Composer) composePlanned() error {
	conditions, err := t.planned()
	if err != nil || len(conditions) == 0 || !t.Settings.Configured() {
		return err
	}
	zone, err := time.LoadLocation(alertZone)
	if err != nil {
		return err
	}
	in := notify.Input{Run: planningCheck, Now: t.Now().In(zone), Partial: true, Conditions: conditions, Settings: t.Settings}
	if in.Messages, err = box(t.Path).Messages(); err != nil {
		return err
	}
	if in.Marts, err = t.martAge(); err != nil {
		return err
	}
	messages, err := notify.Compose(in)
	if err != nil {
		return fmt.Errorf("compose the messages about schedules: %w", err)
	}
	return box(t.Path).Put(messages)
}

// Send composes the messages about schedules and sends what is due in the outbox. If another process is sending, it
// returns a *ledger.LockedError.
func Send(ctx context.Context, o intake.Scope, settings notify.Settings) (Sent, error) {
	r, err := openComposer(o, settings)
	if err != nil {
		return Sent{}, err
	}
	if err := r.composePlanned(); err != nil {
		return Sent{}, err
	}
	return sendAll(ctx, o.Dir, r.Settings)
}
