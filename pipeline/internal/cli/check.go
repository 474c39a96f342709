package cli

import (
	"github.com/spf13/cobra"

	"inbeeld/pipeline"
)

func (a *app) checkCommand() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "check [SELECT...]",
		Short: "Judge the last state again by the checks as they are now, without a run",
		Long: `check judges the deliveries in force again by the checks of the project as it is now: a threshold
that was changed shows at once. It reads the results that runs have kept, computes no model, publishes
nothing and takes no lock, so it may be asked while a run is going on.

SELECT names a table, a check, a pattern with *, tag:x, or notify:role; + before a table adds what it
reads, + behind it what reads it.

Exit codes: 0 judged, 2 wrong usage or project, or a model that was not run yet, 3 something blocks,
4 with --strict: an alarm is raised.`,
		Example: `  inbeeld check --data /srv/inbeeld
  inbeeld check marts.transparantie_klantprofielen --project ./region
  inbeeld check 'profieldekking*' notify:sturing --strict`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			judged, err := pipeline.Judge(cmd.Context(), o.Scope, args)
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
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 4 when an alarm is raised")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	cmd.AddCommand(a.backtestCommand())
	return cmd
}

func (a *app) printJudged(j *pipeline.Judged) {
	a.printFindings(j.Findings, true)
	n := unsolved(j.Findings)
	a.print("%d checks judged: %d findings, %d solved; what is published is as it was\n", j.Checks, n, len(j.Findings)-n)
	if len(j.Blocks) > 0 {
		a.print("a run would be blocked:\n")
	}
	for _, why := range j.Blocks {
		a.print("    %s\n", why)
	}
}
