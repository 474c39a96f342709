package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/sources/delivery"
)

func (a *app) deliveriesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deliveries",
		Short: "List deliveries and their status; show, accept or withdraw one",
		Example: "  inbeeld deliveries --data /srv/inbeeld\n  inbeeld deliveries show 2020-12-31-0123456789ab\n" +
			"  inbeeld deliveries withdraw 2020-12-31-0123456789ab --reason 'verkeerde maand'",
		Args: noArgs,
		RunE: a.with(a.listDeliveries),
	}
	list := a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List deliveries and their status", Args: noArgs,
		Example: "  inbeeld deliveries list --json",
		RunE:    a.with(a.listDeliveries),
	})
	cmd.AddCommand(list, a.showDeliveryCommand(), a.quarantineCommand(), a.acceptCommand(), a.withdrawCommand())
	return a.jsonFlag(cmd)
}

func (a *app) listDeliveries(_ context.Context, o pipeline.Options, _ []string) error {
	rows, err := intake.List(o.Scope)
	if err != nil {
		return err
	}
	return a.show(rows, func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintln(w, "SOURCE\tDELIVERY\tSTATUS\tRECORDS\tLOADED\tQUARANTINE\tNOT DATA\tFILE\tREASON")
		for _, r := range rows {
			balance := "\t\t\t"
			if r.Balance != nil {
				balance = fmt.Sprintf("%d\t%d\t%d\t%d", r.Balance.Records, r.Balance.Geladen, r.Balance.InQuarantaine, r.Balance.NietData)
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Source, r.Delivery, r.Status, balance, r.File, strings.Join(r.Reasons, "; "))
		}
	})
}

var oneDelivery = exactlyOne("name one delivery; list them with: inbeeld deliveries")

func (a *app) withdrawCommand() *cobra.Command {
	return a.decideDelivery("withdrawn", intake.Withdraw, &cobra.Command{
		Use:   "withdraw DELIVERY",
		Short: "Withdraw a delivery; the next run recomputes what depends on it",
		Long: `withdraw records the decision for good. The previous accepted delivery of the same peildatum, if any,
is in force again. Receiving the same bytes again lifts the withdrawal.`,
		Example: "  inbeeld deliveries withdraw 2020-12-31-0123456789ab --reason 'verkeerde maand'",
	})
}

func (a *app) acceptCommand() *cobra.Command {
	return a.decideDelivery("accepted", intake.Accept, &cobra.Command{
		Use:   "accept DELIVERY",
		Short: "Accept a delivery that exceeds its limits; the next run loads it",
		Long: `accept records the decision for good. It waives the limits of the contract for one delivery: too many
records in quarantine, or too many invalid BSNs. Those records stay in quarantine. A delivery without a
header or a required column cannot be accepted.`,
		Example: "  inbeeld deliveries accept 2020-12-31-0123456789ab --reason 'afgestemd met UWV'",
	})
}

type decision func(o intake.Scope, name, who, reason string) (delivery.Delivery, error)

// decideDelivery makes cmd record a decision about a delivery and print the plan of the next run.
func (a *app) decideDelivery(done string, decide decision, cmd *cobra.Command) *cobra.Command {
	var reason, who string
	cmd.Args = oneDelivery
	cmd.RunE = a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
		d, err := decide(o.Scope, args[0], who, reason)
		if err != nil {
			return err
		}
		a.print("%s: %s %s (%s)\nthe next run will\n", done, d.Source, d.ID, d.Newest().File)
		plan, err := inspect.MakePlan(ctx, o.Scope, o.Publish, o.Fresh)
		if err != nil {
			return err
		}
		w := a.table()
		printPlan(w, plan)
		return w.Flush()
	})
	return a.decisionFlags(cmd, &reason, &who)
}

// firstQuarantined is the number of quarantined records that show prints.
const firstQuarantined = 10

func (a *app) showDeliveryCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "show DELIVERY",
		Short: "Show one delivery: balance, form, drift, decisions, and its first quarantined records",
		Long: `show prints the balance of a delivery, the form and header of its file, what was repaired, how it
differs from its contract, decisions about it, and the first records in quarantine. Values are masked.`,
		Example: "  inbeeld deliveries show 2020-12-31-0123456789ab",
		Args:    oneDelivery,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			v, err := inspect.Delivery(ctx, o.Scope, args[0], firstQuarantined)
			if err != nil {
				return err
			}
			return a.show(v, func(w *tabwriter.Writer) { printDelivery(w, v) })
		}),
	})
}

func (a *app) quarantineCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "quarantine DELIVERY",
		Short:   "List the quarantined records of a delivery: line, column, reason, masked value",
		Example: "  inbeeld deliveries quarantine 2020-12-31-0123456789ab --json",
		Args:    oneDelivery,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			v, err := inspect.Delivery(ctx, o.Scope, args[0], -1)
			if err != nil {
				return err
			}
			return a.show(v.Quarantine, func(w *tabwriter.Writer) { printQuarantine(w, v.Quarantine) })
		}),
	})
}

func printDelivery(w io.Writer, v *inspect.DeliveryView) {
	line := func(name, value string) { _, _ = fmt.Fprintf(w, "%s\t%s\n", name, value) }
	line("delivery", v.Source+" "+v.Delivery)
	line("status", v.Status)
	if len(v.Reasons) > 0 {
		line("reason", strings.Join(v.Reasons, "; "))
	}
	for _, r := range v.Receipts {
		line("received", fmt.Sprintf("%s as %s", r.Landed.UTC().Format(time.DateTime), r.File))
	}
	for _, d := range v.Decisions {
		line("decided", fmt.Sprintf("%s by %s on %s: %s", d.Kind, d.Who, d.At.UTC().Format(time.DateTime), d.Reason))
	}
	if b := v.Balance; b != nil {
		line("balance", fmt.Sprintf("%s = %d loaded + %d in quarantine + %d not data", count(b.Records, "record"), b.Geladen, b.InQuarantaine, b.NietData))
	}
	for _, f := range v.Facts() {
		line(f.Name, f.Value)
	}
	if len(v.Quarantine) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "\nin quarantine:")
	printQuarantine(w, v.Quarantine)
	if len(v.Quarantine) == firstQuarantined {
		_, _ = fmt.Fprintf(w, "…list all with: inbeeld deliveries quarantine %s\n", v.Delivery)
	}
}

func printQuarantine(w io.Writer, rows []inspect.QuarantineRow) {
	_, _ = fmt.Fprintln(w, "LINE\tCOLUMN\tREASON\tVALUE")
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", r.Line, r.Column, r.Reason, r.Value)
	}
}
