package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
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
		return a.printWindows(p.Windows(a.now(), *n))
	}
	cmd.AddCommand(next, a.scheduleExplainCommand())
	return cmd
}

func (a *app) printWindows(windows []project.Window) error {
	if a.flags.json {
		return a.printJSON(windows)
	}
	w := a.table()
	_, _ = fmt.Fprintln(w, "WINDOW\tUTC\tSCHEDULE")
	for _, win := range windows {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", win.At.Format("Mon 2006-01-02 15:04 MST"), win.At.UTC().Format(time.RFC3339), win.Schedule)
	}
	return w.Flush()
}
