package alerts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/secret"
)

// Send sends the messages in the outbox that are due, within the time limit. It logs errors; the messages wait.
func (t *Composer) Send(ctx context.Context) {
	sent, err := sendAll(ctx, t.Dir, t.Settings)
	var locked *ledger.LockedError
	switch {
	case errors.As(err, &locked): // another process is sending
	case err != nil:
		t.Log.Error().Err(err).Msg("messages could not be sent; they wait for the next run")
	default:
		for _, err := range sent.Failed {
			t.Log.Warn().Err(err).Msg("a message could not be sent")
		}
		if sent.Sent > 0 || sent.Dead > 0 {
			t.Log.Info().Int("sent", sent.Sent).Int("given up", sent.Dead).Msg("messages sent")
		}
	}
	t.Checkpoint("sent")
}

// Sent is the result of one attempt to send.
type Sent struct {
	Sent   int     `json:"sent"`
	Dead   int     `json:"dead"`
	Failed []error `json:"-"`
}

func sendAll(ctx context.Context, o datadir.Dir, settings notify.Settings) (Sent, error) {
	timeout, err := time.ParseDuration(settings.Timeout)
	if err != nil {
		return Sent{}, usage.Errorf("alerts: timeout %q is not a duration; write 30s", settings.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dir := box(o.Path).Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Sent{}, fmt.Errorf("send messages: %w", err)
	}
	release, err := ledger.Lock(filepath.Join(dir, "lock"), ledger.Holder{PID: os.Getpid(), What: "sending alerts", Since: o.Now()})
	if err != nil {
		return Sent{}, err
	}
	defer func() { _ = release() }()
	s := notify.Sending{Outbox: box(o.Path), Channels: settings.Open(secret.Reader{At: project.ConfigFile, Data: o.Path, Env: o.Env}), Now: o.Now}
	err = s.Run(ctx)
	for i, failure := range s.Failed {
		s.Failed[i] = pseudonym.MaskError(failure, o.Path)
	}
	return Sent{Sent: s.Sent, Dead: s.Dead, Failed: s.Failed}, err
}

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
	in, err := t.without(planningCheck)
	if err != nil {
		return err
	}
	in.Partial, in.Conditions = true, conditions
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
