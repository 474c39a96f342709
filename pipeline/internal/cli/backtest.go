package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"

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
		Short: "Try a check file on what was delivered before, and print what it would have told",
		Long: `backtest judges the rules of one check file on every stored peildatum in order, and prints each change
that would have been told: nieuw, erger, beter and opgelost. What stays as it was is silent. FILE is
named as in a project, <schema>.<table>.yaml or <schema>.<table>.<name>.sql; otherwise --table says
which table its rules are about.

It writes nothing, and may be asked while a run is going on.`,
		Example: `  inbeeld check backtest region/checks/marts.transparantie_klantprofielen.yaml
  inbeeld check backtest idee.yaml --table marts.trechter --last 4`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: "backtest takes one FILE; see: inbeeld check backtest --help"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 0 || cmd.Flags().Changed("last") && last == 0 {
				return &usage.Error{Message: "--last takes 1 or more"}
			}
			text, err := os.ReadFile(args[0])
			var place *fs.PathError
			if errors.As(err, &place) {
				return &usage.Error{Message: fmt.Sprintf("read check file %s: %v", args[0], place.Err)}
			}
			if err != nil {
				return err
			}
			o, err := a.options(a.data(defaultData))
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
	cmd.Flags().IntVar(&last, "last", 0, "only the last peildata, so many (default all)")
	cmd.Flags().StringVar(&table, "table", "", "the table that the rules are about, as schema.table")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

func (a *app) printBacktest(b *audit.Backtest) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	check := ""
	for _, t := range b.Alerts {
		if t.Check != check {
			check = t.Check
			_, _ = fmt.Fprintf(w, "%s\nPEILDATUM\tGROEP\tTOESTAND\tERNST\tWAARDE\tDREMPEL\n", check)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Peildatum, t.Group, t.State, t.Ernst, dutch.Plain(t.Value), dutch.Plain(t.Limit))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	a.print("%d alerts on %d peildata, %s to %s\n", len(b.Alerts), len(b.Peildata), b.Peildata[0], b.Peildata[len(b.Peildata)-1])
	w = tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, n := range b.Counts {
		_, _ = fmt.Fprintf(w, "  %d\t%s\t%s\n", n.Count, n.Group, n.Check)
	}
	return w.Flush()
}
