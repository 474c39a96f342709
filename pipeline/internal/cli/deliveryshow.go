package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/inspect"
)

// firstQuarantined is the number of quarantined records that show prints.
const firstQuarantined = 10

func (a *app) showDeliveryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show DELIVERY",
		Short: "Show one delivery: balance, form, drift, decisions, and its first quarantined records",
		Long: `show prints the balance of a delivery, the form and header of its file, what was repaired, how it
differs from its contract, decisions about it, and the first records in quarantine. Values are masked.`,
		Example: "  inbeeld deliveries show 2020-12-31-0123456789ab",
		Args:    oneDelivery,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := a.viewDelivery(cmd, args[0], firstQuarantined)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(v)
			}
			return a.printDelivery(v)
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) quarantineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "quarantine DELIVERY",
		Short:   "List the quarantined records of a delivery: line, column, reason, masked value",
		Example: "  inbeeld deliveries quarantine 2020-12-31-0123456789ab --json",
		Args:    oneDelivery,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := a.viewDelivery(cmd, args[0], -1)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(v.Quarantine)
			}
			return a.printQuarantine(v.Quarantine)
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) viewDelivery(cmd *cobra.Command, name string, most int) (*inspect.DeliveryView, error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	return inspect.Delivery(cmd.Context(), o.Scope, name, most)
}

func (a *app) printDelivery(v *inspect.DeliveryView) error {
	w := a.table()
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
	if err := w.Flush(); err != nil || len(v.Quarantine) == 0 {
		return err
	}
	a.print("\nin quarantine:\n")
	if err := a.printQuarantine(v.Quarantine); err != nil {
		return err
	}
	if len(v.Quarantine) == firstQuarantined {
		a.print("…list all with: inbeeld deliveries quarantine %s\n", v.Delivery)
	}
	return nil
}

func (a *app) printQuarantine(rows []inspect.QuarantineRow) error {
	w := a.table()
	_, _ = fmt.Fprintln(w, "LINE\tCOLUMN\tREASON\tVALUE")
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", r.Line, r.Column, r.Reason, r.Value)
	}
	return w.Flush()
}
