package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/alerts"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

func (a *app) alertsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "List open alerts, decide about them, and test the messages",
		Long: `alerts lists what is wrong now and manages the messages about it. A run composes and sends these
messages; alerts in inbeeld.yaml names the recipients.`,
		Example: `  inbeeld alerts list
  inbeeld alerts snooze marts.trechter.som --until 2021-03-01 --reason 'wacht op levering'
  inbeeld alerts preview --out /tmp/berichten`,
	}
	cmd.AddCommand(a.alertListCommand(), a.alertShowCommand(),
		a.decideCommand("ack", delivery.Acknowledge, "Acknowledge an alert: it no longer escalates", "acknowledged"),
		a.decideCommand("snooze", delivery.Snooze, "Mute an alert until a date, unless it is solved or blocks", "snoozed"),
		a.decideCommand("resolve", delivery.Resolve, "Close an alert until the next stand, or until it gets worse", "resolved"),
		a.alertTestCommand(), a.alertPreviewCommand(), a.alertSendCommand())
	return cmd
}

func (a *app) alertListCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List the open alerts of the last run, most serious first",
		Example: "  inbeeld alerts list --data /srv/inbeeld\n  inbeeld alerts list --json", Args: noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			open, err := alerts.List(ctx, o.Scope, o.Alerts)
			if err != nil {
				return err
			}
			return a.show(open, func(w *tabwriter.Writer) {
				if len(open) == 0 {
					a.print("no open alerts\n")
					return
				}
				_, _ = fmt.Fprintln(w, "ID\tERNST\tSTATE\tSINCE\tCHECK\tGROUP\tDECISION")
				for _, alert := range open {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", alert.ID, alert.Ernst, alert.State, cmp.Or(alert.Since, "-"), alert.Check, alert.Group, alert.Note)
				}
			})
		}),
	})
}

var oneAlert = takesOne("alert; list them with: inbeeld alerts list")

func (a *app) alertShowCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "show ID", Short: "Show one alert: the finding, its stands, and who receives it",
		Example: "  inbeeld alerts show 4126c69d", Args: oneAlert,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			open, err := alerts.List(ctx, o.Scope, o.Alerts)
			if err != nil {
				return err
			}
			for _, alert := range open {
				if alert.ID == args[0] || alert.Check+"@"+alert.Group == args[0] {
					return a.show(alert, func(w *tabwriter.Writer) { printAlert(w, alert) })
				}
			}
			return usage.Errorf("no open alert %q; list them with: inbeeld alerts list", args[0])
		}),
	})
}

func printAlert(w io.Writer, alert notify.Alert) {
	line := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("id", alert.ID)
	line("check", alert.Check)
	line("group", alert.Group)
	line("ernst", alert.Ernst+" ("+string(alert.State)+")")
	line("text", alert.Text)
	line("value", alert.Value)
	line("limit", alert.Limit)
	line("previous", alert.Previous)
	line("peildatum", alert.Peildatum)
	line("since", alert.Since)
	line("affects", strings.Join(alert.Affects, ", "))
	line("action", alert.Action)
	line("decision", alert.Note)
	line("recipients", strings.Join(alert.Recipients, ", "))
	if !alert.Told.IsZero() {
		line("last sent", alert.Told.Format(time.RFC3339))
	}
	for _, s := range alert.History {
		line("  "+s.Peildatum, s.Ernst)
	}
}

func (a *app) decideCommand(use string, kind delivery.DecisionKind, short, done string) *cobra.Command {
	var reason, who, until string
	cmd := &cobra.Command{
		Use: use + " CHECK[@GROUP]", Short: short,
		Long: short + `.

The decision is recorded for good; the marts do not change. Name the alert by its check, by
check@group, or by its ID in "inbeeld alerts list".`,
		Example: "  inbeeld alerts " + use + " 4126c69d --reason 'de consulent is ziek'" + map[bool]string{true: " --until 2021-03-01"}[kind == delivery.Snooze],
		Args:    oneAlert,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			d, err := alerts.Decide(ctx, o.Scope, o.Alerts, kind, args[0], who, reason, until)
			if err != nil {
				return err
			}
			group := ""
			if d.Alert.Group != "" {
				group = " " + d.Alert.Group
			}
			a.print("%s: %s%s\n", done, d.Alert.Check, group)
			return nil
		}),
	}
	a.decisionFlags(cmd, &reason, &who)
	if kind == delivery.Snooze {
		cmd.Flags().StringVar(&until, "until", "", "first day on which messages resume, such as 2021-03-01 (required)")
	}
	return cmd
}

func (a *app) alertTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test ROLE", Short: "Send a test message to a role, such as sturing or uitvoeringsdienst/HBEL",
		Example: "  inbeeld alerts test datateam",
		Args:    takesOne("role, such as datateam"),
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			m, err := alerts.Test(o.Scope, o.Alerts, args[0])
			if err != nil {
				return err
			}
			a.print("composed %s for %s\n", m.ID, count(len(m.Targets), "address"))
			return a.sendAlerts(ctx, o, nil)
		}),
	}
}

// sendAlerts sends the messages that wait, and fails if one could not be sent.
func (a *app) sendAlerts(ctx context.Context, o pipeline.Options, _ []string) error {
	sent, err := alerts.Send(ctx, o.Scope, o.Alerts)
	if err != nil {
		return err
	}
	a.print("%d sent, %d given up, %d failed\n", sent.Sent, sent.Dead, len(sent.Failed))
	for _, err := range sent.Failed {
		a.say("inbeeld: %v", err)
	}
	if len(sent.Failed) > 0 {
		return exitError(exitFailed)
	}
	return nil
}

func (a *app) alertSendCommand() *cobra.Command {
	return &cobra.Command{
		Use: "send", Short: "Send the messages in the outbox: after quiet hours, or a server failure",
		Long: `send sends the messages in the outbox that are due, and reports what the service noted: a missed
deadline, or a run that failed for good. Every run does the same; if you have quiet hours, let a timer
send in the morning.`,
		Example: "  inbeeld alerts send --data /srv/inbeeld", Args: noArgs,
		RunE: a.with(a.sendAlerts),
	}
}

func (a *app) alertPreviewCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "preview", Short: "Write the messages about all open alerts to files, and send nothing",
		Long: `preview writes the message that each role would receive if none had been sent before, as HTML, text
and JSON. It needs no addresses and sends nothing.`,
		Example: "  inbeeld alerts preview --out /tmp/berichten", Args: noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			if out == "" {
				return usage.Errorf("say where to write with --out DIR")
			}
			messages, err := alerts.Preview(ctx, o.Scope, o.Alerts)
			if err != nil {
				return err
			}
			if err := alerts.WritePreview(out, messages); err != nil {
				return err
			}
			for _, m := range messages {
				a.print("%s: %s\n", m.Recipient, m.Subject)
			}
			a.print("%s in %s\n", count(len(messages), "message"), out)
			return nil
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to (required)")
	return cmd
}

// printMessages lists the messages that were not sent, and the roles without an address.
func (a *app) printMessages(state alerts.State) {
	for _, l := range state.Waiting {
		a.print("message waiting  %s to %s", l.Message, l.To)
		if l.Error != "" {
			a.print(": %s (%s)", l.Error, count(l.Attempts, "attempt"))
		}
		a.print("\n")
	}
	for _, l := range state.Dead {
		a.print("message given up %s to %s: %s\n", l.Message, l.To, l.Error)
	}
	for _, role := range state.Unaddressed {
		a.print("warning: role %s has no address under alerts in %s; its messages go to %s\n", role, project.ConfigFile, notify.DataTeam)
	}
}
