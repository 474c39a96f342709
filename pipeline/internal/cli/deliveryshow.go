package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
)

// firstQuarantined is how many rows of quarantine show gives.
const firstQuarantined = 10

func (a *app) showDeliveryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show DELIVERY",
		Short: "Show one delivery: balance, how it was written, how it differs, the first of its quarantine",
		Long: `show tells what became of a delivery: its balance, the form and header that were found in the file,
what was repaired, how it differs from its contract, what was decided about it, and the first records in
quarantine. Values are masked.`,
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
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

func (a *app) quarantineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "quarantine DELIVERY",
		Short:   "List the records of a delivery that are in quarantine: line, column, reason, masked value",
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
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

func (a *app) viewDelivery(cmd *cobra.Command, name string, most int) (*pipeline.DeliveryView, error) {
	o, err := a.options(a.data(defaultData))
	if err != nil {
		return nil, err
	}
	return pipeline.ShowDelivery(cmd.Context(), o.Scope, name, most)
}

func (a *app) printDelivery(v *pipeline.DeliveryView) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	line := func(what, is string) { _, _ = fmt.Fprintf(w, "%s\t%s\n", what, is) }
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
		line("balance", fmt.Sprintf("%d records = %d loaded + %d in quarantine + %d not data", b.Records, b.Geladen, b.InQuarantaine, b.NietData))
	}
	for _, f := range v.Facts() {
		line(f.What, f.Is)
	}
	if err := w.Flush(); err != nil || len(v.Quarantine) == 0 {
		return err
	}
	a.print("\nin quarantine:\n")
	if err := a.printQuarantine(v.Quarantine); err != nil {
		return err
	}
	if len(v.Quarantine) == firstQuarantined {
		a.print("…all of them: inbeeld deliveries quarantine %s\n", v.Delivery)
	}
	return nil
}

func (a *app) printQuarantine(rows []pipeline.QuarantineRow) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "LINE\tCOLUMN\tREASON\tVALUE")
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", r.Line, r.Column, r.Reason, r.Value)
	}
	return w.Flush()
}
