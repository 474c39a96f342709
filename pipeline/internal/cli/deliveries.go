package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
)

func (a *app) deliveriesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "deliveries",
		Short:   "List what has landed and where it stands",
		Example: "  inbeeld deliveries --data /srv/inbeeld\n  inbeeld deliveries withdraw 2020-12-31-0123456789ab --reason 'verkeerde maand'",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			rows, err := pipeline.Deliveries(o)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(rows)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "SOURCE\tDELIVERY\tSTATUS\tRECORDS\tLOADED\tQUARANTINE\tNOT DATA\tFILE\tREASON")
			for _, r := range rows {
				balance := "\t\t\t"
				if r.Balance != nil {
					balance = fmt.Sprintf("%d\t%d\t%d\t%d", r.Balance.Records, r.Balance.Geladen, r.Balance.InQuarantaine, r.Balance.NietData)
				}
				reason := ""
				for i, text := range r.Reasons {
					if i > 0 {
						reason += "; "
					}
					reason += text
				}
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Source, r.Delivery, r.Status, balance, r.File, reason)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	cmd.AddCommand(a.withdrawCommand())
	return cmd
}

func (a *app) withdrawCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "withdraw DELIVERY",
		Short: "Take a delivery out of force; the next run computes what rested on it again",
		Long: `withdraw writes a decision, which is never changed or removed. The accepted delivery of the same
peildatum before it, if there is one, comes back into force. Receiving the same bytes again lifts the
withdrawal.`,
		Example: "  inbeeld deliveries withdraw 2020-12-31-0123456789ab --reason 'verkeerde maand'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &pipeline.UsageError{Message: "name one delivery; list them with: inbeeld deliveries"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			d, err := pipeline.Withdraw(o, args[0], who, reason)
			if err != nil {
				return err
			}
			a.print("withdrawn: %s %s (%s)\nthe next run will\n", d.Source, d.ID, d.Newest().File)
			plan, err := pipeline.MakePlan(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.printPlan(plan)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (required)")
	cmd.Flags().StringVar(&who, "who", a.env("USER"), "who decides (default $USER)")
	return cmd
}
