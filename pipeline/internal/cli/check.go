package cli

import (
	"context"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/audit"
)

func (a *app) checkCommand() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "check [SELECT...]",
		Short: "Judge the last state by the current checks, without a run",
		Long: `check judges the deliveries in force by the current checks of the project, so a changed threshold shows
at once. It reads stored results, computes no model, publishes nothing and works during a run.

SELECT names a table, a check, a pattern with *, tag:x, or notify:role; + before a table adds what it
reads, + after it what reads it.

Exit codes: 0 judged, 2 wrong usage or project, or a model without results, 3 a check blocks,
4 with --strict: an alarm is raised.`,
		Example: `  inbeeld check --data /srv/inbeeld
  inbeeld check marts.transparantie_klantprofielen --project ./region
  inbeeld check 'profieldekking*' notify:sturing --strict`,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			judged, err := audit.Judge(ctx, o.Scope, args)
			if err != nil {
				return err
			}
			if a.flags.json {
				if err := a.printJSON(judged); err != nil {
					return err
				}
			} else {
				a.printJudged(judged)
			}
			switch {
			case len(judged.Blocks) > 0:
				return exitError(exitBlocked)
			case strict && judged.Alarms > 0:
				return exitError(exitStrict)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with code 4 if an alarm is raised")
	a.jsonFlag(cmd)
	cmd.AddCommand(a.backtestCommand())
	return cmd
}

func (a *app) printJudged(j *audit.Judged) {
	a.printFindings(j.Findings, true)
	n := unsolved(j.Findings)
	a.print("%s judged: %s, %d solved; the published marts did not change\n", count(j.Checks, "check"), count(n, "finding"), len(j.Findings)-n)
	if len(j.Blocks) > 0 {
		a.print("a run would be blocked:\n")
	}
	for _, why := range j.Blocks {
		a.print("    %s\n", why)
	}
}
