package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) runsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "runs",
		Short:   "List past, queued and skipped runs",
		Example: "  inbeeld runs --data /srv/inbeeld\n  inbeeld runs -n 100 --json",
		Args:    noArgs,
	}
	n := cmd.Flags().IntP("number", "n", 20, "number of runs, newest first")
	a.jsonFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		if *n < 1 {
			return usage.Errorf("-n must be 1 or more")
		}
		data := a.data()
		if err := datadir.Check(data); err != nil {
			return err
		}
		runs, damaged, err := (&ledger.Index{Ledger: ledger.Ledger{Dir: filepath.Join(data, "runs")}}).Runs()
		if err != nil {
			return err
		}
		runs = runs[:min(*n, len(runs))]
		return a.show(map[string]any{"runs": runs, "damaged": damaged}, func(w *tabwriter.Writer) {
			printRuns(w, runs, damaged)
		})
	}
	return cmd
}

func printRuns(w io.Writer, runs []*ledger.Run, damaged []string) {
	_, _ = fmt.Fprintln(w, "RUN\tSTARTED\tOUTCOME\tSECONDS\tWHY")
	for _, r := range runs {
		seconds := "-"
		if r.Finished != nil && r.Outcome != ledger.Skipped {
			seconds = fmt.Sprintf("%.1f", r.Finished.Sub(r.Started).Seconds())
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.ID, r.Started.Format(time.RFC3339), outcomeOf(r), seconds, whyOf(r))
	}
	for _, id := range damaged {
		_, _ = fmt.Fprintf(w, "run %s: its ledger file is damaged\n", id)
	}
}

func outcomeOf(r *ledger.Run) string {
	switch {
	case r.Outcome == "":
		return "in progress, or killed"
	case r.Again:
		return r.Outcome + ", will retry"
	}
	return r.Outcome
}

func whyOf(r *ledger.Run) string {
	why := r.Failure
	if r.Skipped != "" {
		why = skipped[r.Skipped]
	}
	if n := len(r.Attempts); n > 0 {
		why = fmt.Sprintf("%s (earlier attempts: %d)", why, n)
	}
	return why
}

// skipped explains why a window has no run.
var skipped = map[string]string{
	"new": "the schedule is new: its windows start here", "missed": "the service was down, and catch_up is none",
	"later": "the service was down; a later window replaces it", "overlap": "another run was in progress, and overlap is skip",
	"superseded": "failed; the next window was due before the next attempt",
}
