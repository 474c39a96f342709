package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/modeltest"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) runCommand() *cobra.Command {
	var strict, fresh, patient, tight bool
	var peildatum, received, out, window string
	var selectors []string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Load new deliveries, compute and check the marts, and publish them",
		Long: `run takes in the files that suppliers delivered, loads them, computes the marts, checks them, and publishes
all marts together. It does nothing if nothing changed since the last publication.

Exit codes: 0 published or nothing to do, 1 failed, 2 wrong usage or project, 3 blocked by checks, or
waiting for approval, 4 with --strict: a place or file could not be taken in, a delivery is refused, or an
alarm is raised, 75 another run is in progress, 130 interrupted.`,
		Example: `  inbeeld run --data /srv/inbeeld
  inbeeld run --strict
  inbeeld run --wait                                    # wait for a run in progress
  inbeeld run --peildatum 2020-06-30 --out /tmp/stand   # the marts as of that date
  inbeeld run --select +marts.trechter                  # compute while developing`,
		Args: noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			var err error
			o.Fresh, o.Peildatum, o.Out, o.Select, o.Patient, o.IgnoreDiskSpace = fresh, peildatum, out, selectors, patient, tight
			if o.Window, err = windowOf(window); err != nil {
				return err
			}
			if o.Received, err = parseMoment(received); err != nil {
				return err
			}
			return a.run(ctx, o, strict)
		}),
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 4 if a place or file could not be taken in, a delivery is refused, or an alarm is raised")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print the ledger of the run as JSON")
	cmd.Flags().BoolVar(&fresh, "full-refresh", false, "ignore stored results and compute everything again")
	cmd.Flags().BoolVar(&tight, "ignore-room", false, "run even if the disk has less space than twice what the last run used")
	cmd.Flags().BoolVar(&patient, "wait", false, "wait for another run to end, instead of exit code 75")
	cmd.Flags().StringVar(&window, "window", "", "run this window (nachtelijk@2021-01-04T01:30:00Z), unless it was decided before")
	cmd.Flags().StringVar(&peildatum, "peildatum", "", "use deliveries with peildata up to this date; needs --out")
	cmd.Flags().StringVar(&received, "received-before", "", "use deliveries received before this moment (2021-01-04 or 2021-01-04T02:00:00Z); needs --out")
	cmd.Flags().StringVar(&out, "out", "", "write the marts to this new directory instead of publishing them")
	cmd.Flags().StringSliceVar(&selectors, "select", nil, "compute only these models and publish nothing: name, +name, name+, marts.*, tag:x")
	return cmd
}

// run does a run and prints its outcome.
func (a *app) run(ctx context.Context, o pipeline.Options, strict bool) error {
	res, err := pipeline.Run(ctx, o)
	if err != nil {
		return err
	}
	if err := a.show(res.Run, func(*tabwriter.Writer) { a.printOutcome(o.Path, res) }); err != nil {
		return err
	}
	return exitOf(res, strict)
}

// parseMoment parses a date, which means midnight UTC, or a time.
func parseMoment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage.Errorf("%q is not a date or time; write 2021-01-04 or 2021-01-04T02:00:00Z", text)
}

// windowOf parses schedule@moment; "" is no window.
func windowOf(text string) (*project.Window, error) {
	if text == "" {
		return nil, nil
	}
	schedule, at, _ := strings.Cut(text, "@")
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil || !windowName.MatchString(schedule) {
		return nil, usage.Errorf("%q is not a window; write schedule@moment, such as nachtelijk@2021-01-04T01:30:00Z", text)
	}
	return &project.Window{Schedule: schedule, At: moment}, nil
}

var windowName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// exitOf returns the exit code of a run that ended.
func exitOf(res *pipeline.Result, strict bool) error {
	switch {
	case res.Outcome == mart.Blocked, res.Outcome == mart.Waiting:
		return exitError(exitBlocked)
	case strict && (len(res.Missed) > 0 || res.Outcome != mart.NothingToDo && (res.Refused > 0 || res.Alarms > 0)):
		return exitError(exitStrict)
	}
	return nil
}

func (a *app) printOutcome(data string, res *pipeline.Result) {
	for _, d := range res.Run.Loaded {
		a.print("%s %s: %s, %s: %d loaded, %d in quarantine, %d not data\n", d.Source, d.Peildatum, d.Status, count(d.Records, "record"), d.Geladen, d.InQuarantaine, d.NietData)
		for _, r := range d.Reasons {
			a.print("    %s\n", r)
		}
	}
	for _, n := range res.Run.Notes {
		a.print("note: %s\n", n)
	}
	a.printChanges(res.Run.Changes)
	switch res.Outcome {
	case mart.Published:
		a.print("published as run %s: %s\n", res.Run.ID, filepath.Join(data, "marts", "current"))
	case mart.NothingToDo:
		a.print("nothing to do: nothing changed since the last publication\n")
	case mart.Blocked:
		a.print("blocked by the checks; the published marts did not change\n")
		for _, why := range res.Blocks {
			a.print("    %s\n", why)
		}
	case mart.Waiting:
		a.print("waiting for approval: published figures would change; the published marts did not change yet\n    inbeeld approve %s --reason … --data %s\n", res.Run.ID, data)
	case mart.Pinned:
		a.print("not published: an earlier version is pinned; the checks would allow this one\n    inbeeld rollback --release --data %s\n", data)
	case mart.Exported:
		a.print("written; the published marts did not change\n")
	case mart.Computed:
		for _, s := range res.Selected {
			a.print("%s: %s, %s\n", s.Model, count(s.Rows, "row"), count(s.Stands, "stand"))
		}
	case mart.Failed, mart.Interrupted:
	}
	switch n, over := unsolved(res.Findings), len(res.Findings)-unsolved(res.Findings); {
	case over > 0:
		a.print("%s, %d solved; see: inbeeld show --data %s\n", count(n, "finding"), over, data)
	case n > 0:
		a.print("%s; see: inbeeld show --data %s\n", count(n, "finding"), data)
	}
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "validate",
		Short:   "Validate contracts, models, checks and schedules without data, and list every fault",
		Example: "  inbeeld validate\n  inbeeld validate --project ./region",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.bound(cmd.Context())
			if err != nil {
				return err
			}
			if err := modeltest.Faults(p).Err(); err != nil {
				return err
			}
			a.print("ok: %s, %s, %s, %s, %s\n", count(len(p.Contracts), "contract"), count(len(p.References), "reference table"),
				count(len(p.Models), "model"), count(len(p.Rules), "check"), count(len(p.Schedules), "schedule"))
			return nil
		},
	}
}

func (a *app) planCommand() *cobra.Command {
	var fresh bool
	cmd := &cobra.Command{
		Use:     "plan",
		Short:   "Show what a run would load, compute and reuse, and why",
		Long:    `plan assumes that the run accepts every delivery. It changes nothing.`,
		Example: "  inbeeld plan --data /srv/inbeeld\n  inbeeld plan --json",
		Args:    noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			o.Fresh = fresh
			plan, err := inspect.MakePlan(ctx, o.Scope, o.Publish, o.Fresh)
			if err != nil {
				return err
			}
			return a.show(plan, func(w *tabwriter.Writer) { printPlan(w, plan) })
		}),
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&fresh, "full-refresh", false, "plan a run that ignores stored results")
	return cmd
}

func printPlan(w io.Writer, p *inspect.Plan) {
	for _, n := range p.Notes {
		_, _ = fmt.Fprintf(w, "note: %s\n", n)
	}
	if p.NothingToDo {
		_, _ = fmt.Fprintln(w, "nothing to do: nothing changed since the last publication")
		return
	}
	if len(p.Load) > 0 {
		_, _ = fmt.Fprintf(w, "load %s:\n", count(len(p.Load), "delivery"))
		for _, l := range p.Load {
			_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.Source, l.Peildatum, l.File, l.Why)
		}
	}
	if len(p.Redefined) > 0 {
		_, _ = fmt.Fprintf(w, "%s with a changed definition; if past figures change, the run waits for approval:\n", count(len(p.Redefined), "mart"))
		for _, d := range p.Redefined {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", d.Mart, causes(d.Causes, d.Gone))
		}
	}
	_, _ = fmt.Fprintf(w, "compute %s, reuse %d:\n", count(len(p.Compute), "result"), p.Reused)
	for i := 0; i < len(p.Compute); {
		first := p.Compute[i]
		j := i
		for j < len(p.Compute) && p.Compute[j].Query == first.Query && p.Compute[j].Why == first.Why {
			j++
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", first.Query, dates(p.Compute[i:j]), first.Why)
		i = j
	}
}

// dates summarises the peildata of some steps.
func dates(steps []inspect.PlannedStep) string {
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = s.Peildatum
	}
	slices.Sort(all)
	switch {
	case all[0] == "":
		return "once"
	case len(all) == 1:
		return all[0]
	}
	return fmt.Sprintf("%s … %s (%d)", all[0], all[len(all)-1], len(all))
}
