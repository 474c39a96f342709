package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/alerts"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) showCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show [RUN]",
		Short:   "Show what a run did and found; by default the last run",
		Example: "  inbeeld show\n  inbeeld show 20210104T013000Z --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			book := ledger.Ledger{Dir: filepath.Join(a.data(), "runs")}
			if len(args) == 0 {
				runs, _, err := (&ledger.Index{Ledger: book}).Runs()
				if err != nil {
					return err
				}
				ran := slices.IndexFunc(runs, func(r *ledger.Run) bool { return r.Outcome != ledger.Skipped && r.Outcome != ledger.Queued })
				if ran < 0 {
					return usage.Errorf("no run yet in %s", a.data())
				}
				args = []string{runs[ran].ID}
			}
			r, err := book.Read(args[0])
			if errors.Is(err, fs.ErrNotExist) {
				return usage.Errorf("no run %s in %s", args[0], a.data())
			}
			if err != nil {
				return err
			}
			return a.show(r, func(*tabwriter.Writer) { a.printRun(r) })
		},
	})
}

func (a *app) printRun(r *ledger.Run) {
	a.print("run %s: %s\nstarted %s\n", r.ID, outcomeOf(r), r.Started.Format(time.RFC3339))
	if r.Window != nil {
		a.print("window %s of %s\n", r.Window.Format(time.RFC3339), r.Schedule)
	}
	if r.Skipped != "" {
		a.print("why: %s\n", skipped[r.Skipped])
	}
	for _, t := range r.Attempts {
		a.print("attempt of %s: %s: %s\n", t.Started.Format(time.RFC3339), t.Outcome, t.Failure)
	}
	if r.Failure != "" {
		a.print("failure: %s\n", r.Failure)
	}
	w := a.table()
	_, _ = fmt.Fprintln(w, "\nSTAGE\tSECONDS\tCOUNTS")
	for _, s := range r.Stages {
		_, _ = fmt.Fprintf(w, "%s\t%.3f\t%s\n", s.Name, s.Seconds, counts(s.Counts))
	}
	if len(r.Loaded) > 0 {
		_, _ = fmt.Fprintln(w, "\nSOURCE\tPEILDATUM\tSTATUS\tRECORDS\tLOADED\tQUARANTINE\tNOT DATA\tFILE")
		for _, d := range r.Loaded {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", d.Source, d.Peildatum, d.Status, d.Records, d.Geladen, d.InQuarantaine, d.NietData, d.File)
		}
	}
	_ = w.Flush()
	for _, d := range r.Loaded {
		for _, reason := range d.Reasons {
			a.print("%s %s: %s\n", d.Source, d.Peildatum, reason)
		}
	}
	for _, n := range r.Notes {
		a.print("note: %s\n", n)
	}
	a.printChanges(r.Changes)
	if len(r.Findings) > 0 {
		a.print("\n")
		a.printFindings(r.Findings, false)
	}
}

func counts(m map[string]int64) string {
	var texts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		texts = append(texts, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(texts, ", ")
}

// severityOrder is the order of findings, most serious first.
var severityOrder = []string{"blokkerend", "alarm", "waarschuwing", "info", "geen_oordeel"}

// printFindings lists open findings by ernst, then the solved ones; full adds state and check.
func (a *app) printFindings(findings []ledger.Finding, full bool) {
	if len(findings) == 0 {
		a.print("geen\n")
		return
	}
	w := a.table()
	for _, word := range append(slices.Clone(severityOrder), solved) {
		for _, f := range findings {
			switch {
			case f.Ernst != word && (f.State != solved || word != solved):
			case full:
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", word, strings.TrimPrefix(f.State, solved), f.Group, f.Check, f.Text)
			default:
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", word, f.Group, f.Text)
			}
		}
	}
	_ = w.Flush()
}

// solved is the state of a finding that is in order again.
const solved = "opgelost"

// unsolved counts the open findings.
func unsolved(findings []ledger.Finding) int {
	n := 0
	for _, f := range findings {
		if f.State != solved {
			n++
		}
	}
	return n
}

func (a *app) statusCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "status",
		Short:   "Show what is published, how old it is, and how the last run ended",
		Example: "  inbeeld status --data /srv/inbeeld\n  inbeeld status --json",
		Args:    noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			st, err := mart.Store{Dir: filepath.Join(o.Path, "marts")}.ReadStatus()
			if err != nil {
				return err
			}
			if st == nil {
				return usage.Errorf("no run has ended in %s yet; start with: inbeeld run --data %s", o.Path, o.Path)
			}
			messages, err := alerts.StateOf(o.Scope, o.Alerts)
			if err != nil {
				return err
			}
			p, err := a.loadProject()
			if err != nil {
				return err
			}
			deliveries, err := intake.Calendar(p, o.Scope)
			if err != nil {
				return err
			}
			usage, err := datadir.UsageOf(o.Dir)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(struct {
					*mart.Status
					Messages   alerts.State         `json:"messages"`
					Deliveries []intake.Expectation `json:"deliveries"`
					Room       *datadir.Usage       `json:"room"`
				}{st, messages, deliveries, usage})
			}
			a.printStatus(st)
			if err := a.printEvents(ledger.Ledger{Dir: filepath.Join(o.Path, "runs")}); err != nil {
				return err
			}
			if err := a.printCalendar(deliveries); err != nil {
				return err
			}
			a.printDiskUse(usage)
			late, err := audit.ListAges(ctx, o.Scope)
			if err != nil {
				return err
			}
			if len(late) > 0 {
				a.printFindings(late, false)
			}
			a.printMessages(messages)
			return nil
		}),
	})
}

func (a *app) printStatus(st *mart.Status) {
	w := a.table()
	_, _ = fmt.Fprintf(w, "last run\t%s: %s\n", st.Run, st.Outcome)
	if st.Failure != "" {
		_, _ = fmt.Fprintf(w, "failure\t%s\n", st.Failure)
	}
	if st.Version == "" {
		_, _ = fmt.Fprintln(w, "published\tnothing yet")
	} else {
		_, _ = fmt.Fprintf(w, "published\t%s, run %s\n", st.Published.Format(time.RFC3339), st.Version)
	}
	if p := st.Pinned; p != nil {
		_, _ = fmt.Fprintf(w, "pinned\t%s, since %s by %s: %s\n\tlet runs publish again with: inbeeld rollback --release\n", p.Version, p.Since.Format(time.RFC3339), p.Who, p.Reason)
	}
	for _, s := range slices.Sorted(maps.Keys(st.Peildata)) {
		_, _ = fmt.Fprintf(w, "  %s\tup to %s\n", s, st.Peildata[s])
	}
	if st.Copy != nil {
		_, _ = fmt.Fprintf(w, "copy\t%s: version %s\n", st.Copy.Dir, st.Copy.Version)
		if st.Copy.Failure != "" {
			_, _ = fmt.Fprintf(w, "\tnot up to date, the next run tries again: %s\n", st.Copy.Failure)
		}
	}
	if st.Blocked != nil {
		what := "blocked since"
		if st.Blocked.Approve != "" {
			what = "waiting since"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\n", what, st.Blocked.Since.Format(time.RFC3339))
		for _, why := range st.Blocked.Why {
			_, _ = fmt.Fprintf(w, "\t%s\n", why)
		}
		if st.Blocked.Approve != "" {
			_, _ = fmt.Fprintf(w, "\tapprove it with: inbeeld approve %s --reason …\n", st.Blocked.Approve)
		}
	}
	for _, r := range st.Refused {
		_, _ = fmt.Fprintf(w, "refused\t%s %s (%s): %s\n", r.Source, r.Peildatum, r.File, r.Why)
	}
	for _, m := range st.Missed {
		_, _ = fmt.Fprintf(w, "not taken in\t%s: %s\n", m.Place, m.Why)
	}
	_ = w.Flush()
}

// printCalendar prints when each source is expected.
func (a *app) printCalendar(list []intake.Expectation) error {
	w := a.table()
	_, _ = fmt.Fprintln(w, "\nSOURCE\tSTATE\tLAST\tEXPECTED\tNOT AFTER\t")
	for _, e := range list {
		state, more := cmp.Or(string(e.State), "-"), ""
		if e.Early {
			more += "came early; "
		}
		if !e.Repeated.IsZero() {
			more += "the same file came again " + e.Repeated.Format(time.DateOnly) + "; "
		}
		if e.Refused != "" {
			more += "refused: " + e.Refused + "; "
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", e.Source, strings.ReplaceAll(state, "_", " "),
			cmp.Or(e.Last, "-"), cmp.Or(e.Due, "-"), cmp.Or(e.Until, "-"), strings.TrimSuffix(more, "; "))
	}
	_, _ = fmt.Fprintln(w)
	return w.Flush()
}

// printEvents prints the events of windows since the marts were last in order.
func (a *app) printEvents(book ledger.Ledger) error {
	runs, _, err := (&ledger.Index{Ledger: book}).Runs()
	if err != nil {
		return err
	}
	events, err := book.Events()
	if err != nil {
		return err
	}
	for _, e := range ledger.Unresolved(events, runs) {
		a.print("%s\n", e.Text)
	}
	return nil
}

// printDiskUse prints the disk use of each folder, and whether the next run has enough space.
func (a *app) printDiskUse(u *datadir.Usage) {
	w := a.table()
	_, _ = fmt.Fprintln(w, "FOLDER\tSIZE\tFILES\t")
	for _, f := range u.Folders {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t\n", f.Name, datadir.SizeText(f.Bytes), f.Files)
	}
	enough := ""
	if u.Free < u.Needed {
		enough = ": not enough, it will not start"
	}
	_, _ = fmt.Fprintf(w, "free\t%s\t\ta run needs %s%s\n\n", datadir.SizeText(u.Free), datadir.SizeText(u.Needed), enough)
	_ = w.Flush()
}
