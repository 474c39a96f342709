package cli

import (
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/modeltest"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) testCommand() *cobra.Command {
	var update bool
	cmd := &cobra.Command{
		Use:   "test [MODEL]",
		Short: "Run the cases of the models (sql/tests), without data",
		Long: `test runs the cases of every model, or of those whose name matches a pattern. The cases of model
<schema>.<name> are in sql/tests/<schema>.<name>.txtar:

    -- afronding --
    rule: Profieldekking wordt naar boven afgerond bij precies de helft.
    peildatum: 2020-12-31
    -- afronding/core.klanten.csv --
    gemeentecode;gemeente;klant_van;heeft_klantprofiel
    GM0376;Blaricum;GEMEENTE;true
    -- afronding/expect.csv --
    gemeentecode;klant_van;dekking_pct
    GM0376;GEMEENTE;100.0

Only models that run per peildatum have a peildatum. Give the tables that the model reads, with the columns
that matter. Other columns and empty cells are NULL; "" is empty text. Reference tables, and models made
only of those, are always present. Lines that start with # are comments. The order of rows counts only if
the model has an ORDER BY.

A model without a case is a failure. Exit codes: 0 all passed, 1 a case failed, 2 wrong usage or project.`,
		Example: "  inbeeld test\n  inbeeld test 'marts.*'\n  inbeeld test marts.trechter --project ./region --update",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := modeltest.Options{Workers: a.config.Threads}
			if len(args) == 1 {
				o.Select = args[0]
			}
			if o.Workers == 0 {
				o.Workers = runtime.NumCPU()
			}
			if update {
				if o.Update = a.config.Project; o.Update == "" {
					return usage.Errorf("--update writes in a project folder; add --project DIR")
				}
			}
			return a.test(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&update, "update", false, "write the actual results to the project folder as expected results")
	return a.jsonFlag(cmd)
}

func (a *app) test(cmd *cobra.Command, o modeltest.Options) error {
	b, err := a.bound(cmd.Context())
	if err != nil {
		return err
	}
	report, err := modeltest.Run(cmd.Context(), b, o)
	if err != nil {
		return err
	}
	err = a.show(report, func(*tabwriter.Writer) { a.printTests(report) })
	if err == nil && report.Failed() > 0 {
		return exitError(exitFailed)
	}
	return err
}

func (a *app) printTests(report modeltest.Report) {
	passed := 0
	for _, r := range report.Results {
		if r.Failure == "" {
			passed++
			continue
		}
		a.print("FAIL %s/%s (%s:%d)\n  %s\n", r.Model, r.Case, r.Path, r.Line, r.Rule)
		for line := range strings.Lines(r.Failure) {
			a.print("    %s", line)
		}
	}
	for _, name := range report.Without {
		a.print("FAIL %s has no case; add sql/tests/%s.txtar\n", name, name)
	}
	for _, file := range report.Updated {
		a.print("updated %s\n", file)
	}
	a.print("%d passed, %d failed\n", passed, report.Failed())
}
