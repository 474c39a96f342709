package serve

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/schedules"
)

// Outcomes that the supervisor sets itself; the others are set by runs.
const (
	failed      = "failed"
	interrupted = "interrupted"
	published   = "published"
)

// Exit codes of a child.
const (
	exitOK          = 0
	exitFailed      = 1
	exitBlocked     = 3
	exitLocked      = 75
	exitInterrupted = 130
)

// reap records the outcome of the child once it has ended.
func (s *Supervisor) reap(now time.Time) error {
	g := s.going
	if g == nil {
		return nil
	}
	select {
	case <-g.child.Done():
	default:
		return nil
	}
	exit := g.child.Exit()
	outcome, err := s.judge(g, exit, now)
	if err != nil {
		return err // reap again in the next tick: nothing new starts before this is written
	}
	s.going = nil
	s.Log.Info().Str("run", g.order.ID).Str("outcome", outcome).Int("code", exit.Code).Str("signal", exit.Signal).Msg("run ended")
	if s.Ended != nil {
		s.Ended(g.order.Schedule, outcome, (s.Elapsed() - g.elapsed).Seconds())
	}
	return nil
}

// judge decides the outcome of the window from the exit of its child.
func (s *Supervisor) judge(g *going, exit Exit, now time.Time) (outcome string, err error) {
	fail := func(why string, transient bool) (string, error) {
		return failed, s.failed(g.schedule, g.order, g.began, now, why, transient)
	}
	switch {
	case g.timedOut:
		return fail(fmt.Sprintf("it took longer than %s and was stopped; raise timeout in its schedule, or check its log for what it waited for", g.schedule.Timeout), true)
	case g.interrupted > 0 && (exit.Signal != "" || exit.Code == exitInterrupted): // the service stops
		return interrupted, s.postpone(g, now)
	case exit.Signal != "":
		return fail("it was killed by the system ("+exit.Signal+"); if it ran out of memory (see journalctl -k), lower memory_limit", true)
	case exit.Code == exitLocked && g.schedule.Overlap == schedules.OverlapSkip:
		return ledger.Skipped, s.decide(now, g.schedule, schedules.Decision{Window: g.order.Window, Skip: schedules.Overlapped})
	case exit.Code == exitLocked:
		if s.busyUntil == nil {
			s.busyUntil = map[string]time.Duration{}
		}
		s.busyUntil[g.order.ID] = s.Elapsed() + busyWait
		return ledger.Queued, nil
	case exit.Code == exitOK, exit.Code == exitBlocked:
		run, err := s.Ledger.Read(g.order.ID)
		if err != nil {
			return "", err
		}
		if !run.Decided() {
			return fail("the run succeeded, but its ledger file does not say so", true)
		}
		return run.Outcome, nil
	}
	why := exit.LastLine
	if why == "" {
		why = fmt.Sprintf("it exited with code %d", exit.Code)
	}
	return fail(why, exit.Code == exitFailed)
}

// failed records an attempt that failed and whether another follows.
func (s *Supervisor) failed(sch *schedules.Schedule, o Order, began, ended time.Time, why string, transient bool) error {
	run, err := s.Ledger.Read(o.ID)
	if err != nil {
		return err
	}
	if run.Decided() {
		return nil // it was killed, or failed, after it had published
	}
	finished := ended.UTC()
	if run.Outcome == ledger.Queued { // the run never wrote to the ledger
		run.Started = began.UTC()
	}
	if run.Outcome != failed || run.Failure == "" { // a run that failed by itself has recorded why
		run.Failure = why
	}
	run.Outcome, run.Finished = failed, &finished
	run.Attempts = append(run.Attempts, ledger.Attempt{Started: run.Started, Finished: finished, Outcome: failed, Failure: run.Failure})
	run.Again = transient && sch != nil && recordOf(run).Attempts < sch.Retry.Attempts
	current, err := s.Current()
	if err != nil {
		return err
	}
	if !run.Again && current == o.ID { // stopped after the switch: the next run repairs the rest
		run.Outcome, run.Version = published, o.ID
	}
	if err := s.Ledger.Write(run); err != nil || run.Outcome != failed || run.Again {
		return err
	}
	return s.noteFailure(ended, run)
}

// postpone queues a window whose run was interrupted because the service is stopping.
func (s *Supervisor) postpone(g *going, now time.Time) error {
	run, err := s.Ledger.Read(g.order.ID)
	if err != nil || run.Decided() {
		return err
	}
	run.Attempts = append(run.Attempts, ledger.Attempt{Started: g.began.UTC(), Finished: now.UTC(), Outcome: interrupted, Failure: "the service was stopped"})
	run.Outcome, run.Again, run.Failure, run.Finished = ledger.Queued, false, "", nil
	return s.Ledger.Write(run)
}

// noteFailure records the event that a window failed and is not retried.
func (s *Supervisor) noteFailure(now time.Time, run *ledger.Run) error {
	noted, err := s.Ledger.Note(ledger.Event{
		Kind: ledger.WindowFailed, At: now.UTC(), Schedule: run.Schedule, Window: *run.Window,
		Text: sentence("mislukt", run.Schedule, *run.Window, s.schedule(run.Schedule)),
	})
	if noted {
		s.announce()
	}
	return err
}

// announce reports that there is a new event.
func (s *Supervisor) announce() {
	if s.OnEvent != nil {
		s.OnEvent()
	}
}

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
