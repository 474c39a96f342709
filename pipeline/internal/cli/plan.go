package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/inspect"
)

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
			if a.flags.json {
				return a.printJSON(plan)
			}
			return a.printPlan(plan)
		}),
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&fresh, "full-refresh", false, "plan a run that ignores stored results")
	return cmd
}

func (a *app) printPlan(p *inspect.Plan) error {
	for _, n := range p.Notes {
		a.print("note: %s\n", n)
	}
	if p.NothingToDo {
		a.print("nothing to do: nothing changed since the last publication\n")
		return nil
	}
	w := a.table()
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
	return w.Flush()
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
