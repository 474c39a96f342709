package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/usage"
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
			if err := a.show(judged, func(*tabwriter.Writer) { a.printJudged(judged) }); err != nil {
				return err
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

func (a *app) backtestCommand() *cobra.Command {
	var last int
	var table string
	cmd := &cobra.Command{
		Use:   "backtest FILE",
		Short: "Try a check file on earlier deliveries, and print the alerts it would have raised",
		Long: `backtest judges the rules of one check file on every stored peildatum in order, and prints each change
that it would have reported: nieuw, erger, beter and opgelost. FILE is named as in a project,
<schema>.<table>.yaml or <schema>.<table>.<name>.sql; otherwise --table names the table.

It writes nothing, and works during a run.`,
		Example: `  inbeeld check backtest region/checks/marts.transparantie_klantprofielen.yaml
  inbeeld check backtest idee.yaml --table marts.trechter --last 4`,
		Args: exactlyOne("backtest takes one FILE; see: inbeeld check backtest --help"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 0 || cmd.Flags().Changed("last") && last == 0 {
				return usage.Errorf("--last must be 1 or more")
			}
			text, err := os.ReadFile(args[0])
			var failed *fs.PathError
			if errors.As(err, &failed) {
				return usage.Errorf("read check file %s: %v", args[0], failed.Err)
			}
			if err != nil {
				return err
			}
			o, err := a.options()
			if err != nil {
				return err
			}
			tried, err := audit.Try(cmd.Context(), o.Scope, audit.BacktestOptions{File: args[0], Text: text, Table: table, Last: last})
			if err != nil {
				return err
			}
			return a.show(tried, func(w *tabwriter.Writer) { printBacktest(w, tried) })
		},
	}
	cmd.Flags().IntVar(&last, "last", 0, "number of peildata, counted from the last (default all)")
	cmd.Flags().StringVar(&table, "table", "", "table of the rules, as schema.table")
	return a.jsonFlag(cmd)
}

func printBacktest(w io.Writer, b *audit.Backtest) {
	check := ""
	for _, t := range b.Alerts {
		if t.Check != check {
			check = t.Check
			_, _ = fmt.Fprintf(w, "%s\nPEILDATUM\tGROUP\tSTATE\tERNST\tVALUE\tLIMIT\n", check)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Peildatum, t.Group, t.State, t.Ernst, dutch.Plain(t.Value), dutch.Plain(t.Limit))
	}
	_, _ = fmt.Fprintf(w, "%s on %s, %s to %s\n", count(len(b.Alerts), "alert"), count(len(b.Peildata), "peildatum"),
		b.Peildata[0], b.Peildata[len(b.Peildata)-1])
	for _, n := range b.Counts {
		_, _ = fmt.Fprintf(w, "  %d\t%s\t%s\n", n.Count, n.Group, n.Check)
	}
}

func (a *app) explainCommand() *cobra.Command {
	var keys bool
	cmd := &cobra.Command{
		Use:   "explain CHECK[@GROUP]",
		Short: "Explain in Dutch what a check found, since when, why, and what to do",
		Long: `explain prints, for one check, what is wrong, how serious it is, since when, the source of the limit,
the history, the SQL that shows the rows, the recipients, and what to do. With several groups and no
@GROUP it lists them, worst first. Name a check by its id, or by its name if that is unique.

It reads stored results, and works during a run. With --keys it adds a line to the processing log.`,
		Example: `  inbeeld explain marts.transparantie_klantprofielen.profieldekking_gemeente
  inbeeld explain 'transparantie_klantprofielen.profieldekking_gemeente@Gooise Meren'
  inbeeld explain staging.sonar.gemeente_onbekend --keys`,
		Args: exactlyOne("explain takes one CHECK or CHECK@GROUP; see: inbeeld explain --help"),
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			e, err := audit.Explain(ctx, o.Scope, audit.ExplainOptions{Check: args[0], Keys: keys})
			if err != nil {
				return err
			}
			return a.show(e, func(w *tabwriter.Writer) { _, _ = io.WriteString(w, e.Text()) })
		}),
	}
	cmd.Flags().BoolVar(&keys, "keys", false, "print up to 10 keys of failing rows; those of persons are pseudonyms")
	return a.jsonFlag(cmd)
}
