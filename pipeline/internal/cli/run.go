package cli

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/graph"
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
		Short: "Take in deliveries, compute, check, and publish when the checks allow it",
		Long: `run does one night: it lands what suppliers left in the inbox, loads it, computes the marts,
judges them, and publishes them together. When nothing changed since the last publication it says so.

Exit codes: 0 published or nothing to do, 1 failed, 2 wrong usage or project, 3 blocked by checks, or
waiting for approval, 4 with --strict: a place or file could not be taken in, a delivery is refused, or an
alarm is raised, 75 another run is going, 130 interrupted.`,
		Example: `  inbeeld run --data /srv/inbeeld
  inbeeld run --strict
  inbeeld run --wait                                    # behind a run that is going
  inbeeld run --peildatum 2020-06-30 --out /tmp/stand   # the marts as of then, apart
  inbeeld run --select +marts.trechter                  # compute while developing`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.options()
			if err != nil {
				return err
			}
			o.Fresh, o.Peildatum, o.Out, o.Select, o.Patient, o.IgnoreDiskSpace = fresh, peildatum, out, selectors, patient, tight
			if o.Window, err = windowOf(window); err != nil {
				return err
			}
			if o.Received, err = parseMoment(received); err != nil {
				return err
			}
			return a.run(cmd.Context(), o, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 4 when a place or file could not be taken in, a delivery is refused, or an alarm is raised")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print the ledger of the run as JSON")
	cmd.Flags().BoolVar(&fresh, "full-refresh", false, "distrust kept results and compute everything again")
	cmd.Flags().BoolVar(&tight, "ignore-room", false, "begin also when the disk has less room than twice what the last run used")
	cmd.Flags().BoolVar(&patient, "wait", false, "wait while another run is going, instead of exit 75")
	cmd.Flags().StringVar(&window, "window", "", "be the run of this window (nachtelijk@2021-01-04T01:30:00Z): one that was decided before is not run again")
	cmd.Flags().StringVar(&peildatum, "peildatum", "", "use deliveries about dates up to this one; needs --out")
	cmd.Flags().StringVar(&received, "received-before", "", "use deliveries received before this moment (2021-01-04 or 2021-01-04T02:00:00Z); needs --out")
	cmd.Flags().StringVar(&out, "out", "", "write the version to this new directory; what is published stays as it is")
	cmd.Flags().StringSliceVar(&selectors, "select", nil, "compute only these models and publish nothing: name, +name, name+, marts.*, tag:x")
	return cmd
}

// run does a run and says how it ended.
func (a *app) run(ctx context.Context, o pipeline.Options, strict bool) error {
	res, err := pipeline.Run(ctx, o)
	if err != nil {
		return err
	}
	if a.flags.json {
		if err := a.printJSON(res.Run); err != nil {
			return err
		}
	} else {
		a.printOutcome(o.Path, res)
	}
	return exitOf(res, strict)
}

// moment reads a date, midnight UTC, or a time.
func parseMoment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage.Errorf("%q is no moment; write 2021-01-04 or 2021-01-04T02:00:00Z", text)
}

// windowOf reads schedule@moment; "" is no window.
func windowOf(text string) (*project.Window, error) {
	if text == "" {
		return nil, nil
	}
	schedule, at, _ := strings.Cut(text, "@")
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil || !windowName.MatchString(schedule) {
		return nil, usage.Errorf("%q is no window; write schedule@moment, such as nachtelijk@2021-01-04T01:30:00Z", text)
	}
	return &project.Window{Schedule: schedule, At: moment}, nil
}

var windowName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// exitOf is the exit code of a run that came to its end.
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
		a.print("%s %s: %s, %d records: %d loaded, %d in quarantine, %d not data\n", d.Source, d.Peildatum, d.Status, d.Records, d.Geladen, d.InQuarantaine, d.NietData)
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
		a.print("blocked: the checks withhold the publication; the marts are as they were\n")
		for _, why := range res.Blocks {
			a.print("    %s\n", why)
		}
	case mart.Waiting:
		a.print("waiting for approval: published figures would change; the marts are as they were\n    inbeeld approve %s --reason … --data %s\n", res.Run.ID, data)
	case mart.Pinned:
		a.print("nothing is published: an earlier version is pinned; the checks would allow this one\n    inbeeld rollback --release --data %s\n", data)
	case mart.Exported:
		a.print("written; what is published is as it was\n")
	case mart.Computed:
		for _, s := range res.Selected {
			a.print("%s: %d rows, %d stands\n", s.Model, s.Rows, s.Stands)
		}
	case mart.Failed, mart.Interrupted:
	}
	switch n, over := unsolved(res.Findings), len(res.Findings)-unsolved(res.Findings); {
	case over > 0:
		a.print("%d findings, and %d solved; see: inbeeld show --data %s\n", n, over, data)
	case n > 0:
		a.print("%d findings; see: inbeeld show --data %s\n", n, data)
	}
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "validate",
		Short:   "Check contracts, models, checks and schedules without data, and name every fault",
		Example: "  inbeeld validate\n  inbeeld validate --project ./region",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, faults, err := project.Load(a.config.Project)
			if err != nil {
				return usage.Errorf("%v", err)
			}
			b, more, err := graph.Bind(cmd.Context(), p)
			if err != nil {
				return err
			}
			if faults = append(faults, more...).Sorted(); len(faults) == 0 {
				faults = modeltest.Faults(b)
			}
			if len(faults) > 0 {
				return faults
			}
			a.print("ok: %d contracts, %d reference tables, %d models, %d checks, %d schedules\n",
				len(p.Contracts), len(p.References), len(p.Models), len(p.Rules), len(p.Schedules))
			return nil
		},
	}
}
