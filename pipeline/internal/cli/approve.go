package cli

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) approveCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "approve RUN",
		Short: "Publish what a run held because published figures would change",
		Long: `approve writes a decision, which is never changed or removed, and runs. What RUN held is published
when it is still what a run makes: when a delivery, a decision or the project changed since, or another
run held something after it, the approval is refused, for nobody has seen that. What changes is in:
inbeeld show RUN. Exit codes are those of inbeeld run.`,
		Example: "  inbeeld approve 20210104T013000Z --reason 'vindbaar telt nu vanaf 13 uur, afgestemd met de regio'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: "name one run; which one waits says: inbeeld status"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			if err := pipeline.Approve(cmd.Context(), o, args[0], who, reason); err != nil {
				return err
			}
			if !a.flags.json {
				a.print("approved: run %s\n", args[0])
			}
			return a.run(cmd.Context(), o, false)
		},
	}
	a.decisionFlags(cmd, &reason, &who)
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print the ledger of the run that publishes as JSON")
	return cmd
}

// printChanges shows the marts that are redefined, or change more than they may, and what moves in them.
func (a *app) printChanges(changes []ledger.Change) {
	if len(changes) == 0 {
		return
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "MART\tROWS\tADDED\tREMOVED\tCHANGED\tLARGEST CHANGE\tCAUSE")
	for _, c := range changes {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", c.Mart, c.Rows, c.Added, c.Removed, c.Changed, largest(c), causes(c.Causes, c.Gone))
	}
	_ = w.Flush()
	for _, c := range changes {
		for _, o := range c.Over {
			a.print("    %s: %s\n", c.Mart, o)
		}
	}
}

// largest is the column that moved farthest: its largest difference, and the largest as a part of what it
// was, which may be in another row. Of columns without numbers it is the one that changed in most rows.
func largest(c ledger.Change) string {
	if len(c.Columns) == 0 {
		return "-"
	}
	most := c.Columns[0]
	for _, col := range c.Columns[1:] {
		if cmp.Or(cmp.Compare(share(col), share(most)), cmp.Compare(col.Rows, most.Rows)) > 0 {
			most = col
		}
	}
	text := most.Column
	if most.Largest != "" {
		text += " " + most.Largest
	}
	if most.Relative != "" && most.Relative != "0" {
		text += fmt.Sprintf(", %.1f%%", share(most))
	}
	return text
}

// share is how far a column moved as a percentage, below 0 when it has no numbers.
func share(c ledger.ColumnChange) float64 {
	part := -1.0
	_, _ = fmt.Sscan(c.Relative, &part)
	return part
}

// causes says why a mart is another one.
func causes(files []string, gone bool) string {
	if gone {
		return "it is no longer made"
	}
	return cmp.Or(strings.Join(files, ", "), "deliveries")
}
