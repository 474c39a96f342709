package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/ledger"
)

func (a *app) approveCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "approve RUN",
		Short: "Publish what a run held back because published figures would change",
		Long: `approve records the decision for good, and runs. Review the changes first with: inbeeld show RUN. If a
delivery, a decision or the project changed since, or a later run held something back, nobody has
reviewed that, and approve refuses. Exit codes are those of inbeeld run.`,
		Example: "  inbeeld approve 20210104T013000Z --reason 'vindbaar telt nu vanaf 13 uur, afgestemd met de regio'",
		Args:    exactlyOne("name one run; find the one that waits with: inbeeld status"),
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			if err := pipeline.Approve(ctx, o, args[0], who, reason); err != nil {
				return err
			}
			if !a.flags.json {
				a.print("approved: run %s\n", args[0])
			}
			return a.run(ctx, o, false)
		}),
	}
	a.decisionFlags(cmd, &reason, &who)
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print the ledger of the run that publishes as JSON")
	return cmd
}

// printChanges lists the marts that are redefined or exceed their limits, and what changes in them.
func (a *app) printChanges(changes []ledger.Change) {
	if len(changes) == 0 {
		return
	}
	w := a.table()
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

// largest describes the column with the largest relative change: its largest absolute and relative
// difference, which may be in different rows. Without numeric columns it is the one that changed in most
// rows.
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

// share returns the largest relative change of a column as a percentage; below 0 if it is not numeric.
func share(c ledger.ColumnChange) float64 {
	part := -1.0
	_, _ = fmt.Sscan(c.Relative, &part)
	return part
}

// causes says why a mart changes.
func causes(files []string, gone bool) string {
	if gone {
		return "removed"
	}
	return cmp.Or(strings.Join(files, ", "), "deliveries")
}
