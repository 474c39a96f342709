package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

func (a *app) deliveriesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deliveries",
		Short: "List what has landed and where it stands; show, accept or withdraw a delivery",
		Example: "  inbeeld deliveries --data /srv/inbeeld\n  inbeeld deliveries show 2020-12-31-0123456789ab\n" +
			"  inbeeld deliveries withdraw 2020-12-31-0123456789ab --reason 'verkeerde maand'",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.listDeliveries() },
	}
	list := &cobra.Command{
		Use: "list", Short: "List what has landed and where it stands", Args: noArgs,
		Example: "  inbeeld deliveries list --json",
		RunE:    func(*cobra.Command, []string) error { return a.listDeliveries() },
	}
	for _, c := range []*cobra.Command{cmd, list} {
		c.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	}
	cmd.AddCommand(list, a.showDeliveryCommand(), a.quarantineCommand(), a.acceptCommand(), a.withdrawCommand())
	return cmd
}

func (a *app) listDeliveries() error {
	o, err := a.options(a.data(defaultData))
	if err != nil {
		return err
	}
	rows, err := intake.List(o.Scope)
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
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Source, r.Delivery, r.Status, balance, r.File, strings.Join(r.Reasons, "; "))
	}
	return w.Flush()
}

// oneDelivery wants the name of one delivery.
func oneDelivery(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usage.Error{Message: "name one delivery; list them with: inbeeld deliveries"}
	}
	return nil
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
		Args:    oneDelivery,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.decide(cmd.Context(), "withdrawn", intake.Withdraw, args[0], who, reason)
		},
	}
	a.decisionFlags(cmd, &reason, &who)
	return cmd
}

func (a *app) acceptCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "accept DELIVERY",
		Short: "Accept a delivery that is refused for its limits; the next run loads it",
		Long: `accept writes a decision, which is never changed or removed. It sets aside the limits of the
contract for one delivery: too many records in quarantine, too many faults in BSNs. Those records stay in
quarantine. A delivery without a header or a required column cannot be accepted.`,
		Example: "  inbeeld deliveries accept 2020-12-31-0123456789ab --reason 'afgestemd met UWV'",
		Args:    oneDelivery,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.decide(cmd.Context(), "accepted", intake.Accept, args[0], who, reason)
		},
	}
	a.decisionFlags(cmd, &reason, &who)
	return cmd
}

func (a *app) decisionFlags(cmd *cobra.Command, reason, who *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why (required)")
	cmd.Flags().StringVar(who, "who", a.env("USER"), "who decides (default $USER)")
}

// decide takes a decision about a delivery and shows what the next run will do.
func (a *app) decide(ctx context.Context, done string, decision func(o intake.Scope, name, who, reason string) (delivery.Delivery, error), name, who, reason string) error {
	o, err := a.options(a.data(defaultData))
	if err != nil {
		return err
	}
	d, err := decision(o.Scope, name, who, reason)
	if err != nil {
		return err
	}
	a.print("%s: %s %s (%s)\nthe next run will\n", done, d.Source, d.ID, d.Newest().File)
	plan, err := inspect.MakePlan(ctx, o.Scope, o.Publish, o.Fresh)
	if err != nil {
		return err
	}
	return a.printPlan(plan)
}
