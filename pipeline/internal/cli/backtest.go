package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/usage"
)

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
			if a.flags.json {
				return a.printJSON(tried)
			}
			return a.printBacktest(tried)
		},
	}
	cmd.Flags().IntVar(&last, "last", 0, "number of peildata, counted from the last (default all)")
	cmd.Flags().StringVar(&table, "table", "", "table of the rules, as schema.table")
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) printBacktest(b *audit.Backtest) error {
	w := a.table()
	check := ""
	for _, t := range b.Alerts {
		if t.Check != check {
			check = t.Check
			_, _ = fmt.Fprintf(w, "%s\nPEILDATUM\tGROUP\tSTATE\tERNST\tVALUE\tLIMIT\n", check)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Peildatum, t.Group, t.State, t.Ernst, dutch.Plain(t.Value), dutch.Plain(t.Limit))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	a.print("%s on %s, %s to %s\n", count(len(b.Alerts), "alert"), count(len(b.Peildata), "peildatum"), b.Peildata[0], b.Peildata[len(b.Peildata)-1])
	w = a.table()
	for _, n := range b.Counts {
		_, _ = fmt.Fprintf(w, "  %d\t%s\t%s\n", n.Count, n.Group, n.Check)
	}
	return w.Flush()
}
