package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
	"inbeeld/schedules"
)

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "schedule", Short: "Show the schedules of the project"}
	next := &cobra.Command{
		Use:     "next",
		Short:   "Print the next windows of each schedule",
		Example: "  inbeeld schedule next -n 5",
		Args:    noArgs,
	}
	n := next.Flags().IntP("number", "n", 10, "number of windows")
	a.jsonFlag(next)
	next.RunE = func(*cobra.Command, []string) error {
		if *n < 1 || *n > 1000 {
			return usage.Errorf("-n takes 1 to 1000")
		}
		p, err := a.loadProject()
		if err != nil {
			return err
		}
		windows := p.Windows(a.now(), *n)
		return a.show(windows, func(w *tabwriter.Writer) {
			_, _ = fmt.Fprintln(w, "WINDOW\tUTC\tSCHEDULE")
			for _, win := range windows {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", win.At.Format("Mon 2006-01-02 15:04 MST"), win.At.UTC().Format(time.RFC3339), win.Schedule)
			}
		})
	}
	cmd.AddCommand(next, a.scheduleExplainCommand())
	return cmd
}

func (a *app) scheduleExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain [SCHEDULE]",
		Short:   "Explain a schedule, and its windows around the next clock change",
		Example: "  inbeeld schedule explain\n  inbeeld schedule explain nachtelijk",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := a.loadProject()
			if err != nil {
				return err
			}
			var names []string
			said := false
			for _, s := range p.Schedules {
				names = append(names, s.Name)
				if len(args) == 0 || args[0] == s.Name {
					a.explainSchedule(s)
					said = true
				}
			}
			switch {
			case said:
				return nil
			case len(args) == 0:
				a.print("the project has no schedule\n")
				return nil
			}
			return usage.Errorf("the project has no schedule %q; %s", args[0], projectfile.DidYouMean(args[0], names))
		},
	}
}

func (a *app) explainSchedule(s *schedules.Schedule) {
	lines := []string{fmt.Sprintf("due when minute, hour, day, month and weekday are %q in %s time", s.Cron, s.Zone)}
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch s.Days {
	case schedules.DaysWorking:
		say("only on working days: Monday to Friday, except Dutch public holidays")
	case schedules.DaysFirstWorking:
		say("only on the first working day of the month, by Dutch public holidays")
	case schedules.DaysAll:
	}
	switch s.CatchUp {
	case schedules.CatchUpNone:
		say("a missed window is skipped")
	case schedules.CatchUpLatest:
		say("the last of the missed windows still runs")
	case schedules.CatchUpAll:
		say("every missed window still runs, one after another")
	}
	if s.Overlap == schedules.OverlapSkip {
		say("a window that is due during another run is skipped")
	} else {
		say("a window that is due during another run waits for it")
	}
	if s.Timeout > 0 {
		say("a run is stopped after %s", s.Timeout)
	}
	if s.Retry.Attempts > 1 {
		say("a run that fails or is killed or stopped gets %d attempts in all, the second after %s, doubling each time; a fault in the project, or a block, is not retried", s.Retry.Attempts, s.Retry.Backoff)
	}
	if d := s.Deadline; d != nil {
		say("if nothing is published by %02d:%02d, the data team is alerted", int(d.Hours()), int(d.Minutes())%60)
	}
	if w := s.Watch; w != nil {
		of := "any source"
		if len(w.Sources) > 0 {
			of = strings.Join(w.Sources, ", ")
		}
		say("also if the inbox has files of %s, and none arrived or changed for %s", of, w.Quiet)
	}
	now := a.now()
	if next := s.Windows(now, now.AddDate(0, 2, 0)); len(next) > 0 {
		say("next: %s", next[0].In(s.Zone).Format("Mon 2006-01-02 15:04 MST"))
	}
	if _, change := now.In(s.Zone).ZoneBounds(); !change.IsZero() {
		var around []string
		for _, w := range s.Windows(change.Add(-12*time.Hour), change.Add(12*time.Hour)) {
			around = append(around, w.In(s.Zone).Format("Mon 15:04 MST"))
		}
		if n := len(around); n > 0 && n <= 6 {
			say("around the clock change on %s: %s", change.In(s.Zone).Format(time.DateOnly), strings.Join(around, ", "))
		}
	}
	a.print("%s (%s)\n    %s\n", s.Name, s.Path, strings.Join(lines, "\n    "))
}
