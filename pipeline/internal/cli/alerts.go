package cli

import (
	"cmp"
	"fmt"
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
		Short: "See what is wrong and who was told, decide about it, and try the messages out",
		Long: `alerts is about what is not in order now, and about the messages that tell people so. A run makes
these messages and sends them; who gets them stands in inbeeld.yaml under alerts.`,
		Example: `  inbeeld alerts list
  inbeeld alerts snooze marts.trechter.som --until 2021-03-01 --reason 'wacht op levering'
  inbeeld alerts preview --out /tmp/berichten`,
	}
	cmd.AddCommand(a.alertListCommand(), a.alertShowCommand(),
		a.decideCommand("ack", delivery.Acknowledge, "Say that somebody is on it: it is not escalated any more", "acknowledged"),
		a.decideCommand("snooze", delivery.Snooze, "Tell nobody of it until a day, but that it is solved, or blocks", "snoozed"),
		a.decideCommand("resolve", delivery.Resolve, "Close it until the next stand, or until it gets worse", "resolved"),
		a.alertTestCommand(), a.alertPreviewCommand(), a.alertSendCommand())
	return cmd
}

func (a *app) alertListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what is not in order by the last run, the most serious first",
		Example: "  inbeeld alerts list --data /srv/inbeeld\n  inbeeld alerts list --json", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			alerts, err := a.readAlerts(cmd)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(alerts)
			}
			if len(alerts) == 0 {
				a.print("nothing is wrong\n")
				return nil
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "ID\tERNST\tSTATE\tSINCE\tCHECK\tGROUP\tDECIDED")
			for _, alert := range alerts {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", alert.ID, alert.Ernst, alert.State, cmp.Or(alert.Since, "-"), alert.Check, alert.Group, alert.Note)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

func (a *app) readAlerts(cmd *cobra.Command) ([]notify.Alert, error) {
	o, err := a.options(a.data(defaultData))
	if err != nil {
		return nil, err
	}
	return alerts.List(cmd.Context(), o.Scope, o.Alerts)
}

// oneAlert demands one argument.
func oneAlert(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usage.Error{Message: fmt.Sprintf("%s takes one alert; list them with: inbeeld alerts list", cmd.CommandPath())}
	}
	return nil
}

func (a *app) alertShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show one alert: what was found, on which stands, and who hears of it",
		Example: "  inbeeld alerts show 4126c69d", Args: oneAlert,
		RunE: func(cmd *cobra.Command, args []string) error {
			alerts, err := a.readAlerts(cmd)
			if err != nil {
				return err
			}
			for _, alert := range alerts {
				if alert.ID != args[0] && alert.Check+"@"+alert.Group != args[0] {
					continue
				}
				if a.flags.json {
					return a.printJSON(alert)
				}
				a.printAlert(alert)
				return nil
			}
			return &usage.Error{Message: fmt.Sprintf("no alert %q is open; list them with: inbeeld alerts list", args[0])}
		},
	}
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

func (a *app) printAlert(alert notify.Alert) {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
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
	line("what to do", alert.Action)
	line("decided", alert.Note)
	line("recipients", strings.Join(alert.Recipients, ", "))
	if !alert.Told.IsZero() {
		line("last told", alert.Told.Format(time.RFC3339))
	}
	for _, s := range alert.History {
		line("  "+s.Peildatum, s.Ernst)
	}
	_ = w.Flush()
}

func (a *app) decideCommand(use string, kind delivery.DecisionKind, short, done string) *cobra.Command {
	var reason, by, until string
	cmd := &cobra.Command{
		Use: use + " CHECK[@GROUP]", Short: short,
		Long: short + `.

It writes a decision, which is never changed or removed, and which changes nothing in the marts. The
alert is named by its check, by check@group, or by the ID that "inbeeld alerts list" gives.`,
		Example: "  inbeeld alerts " + use + " 4126c69d --reason 'de consulent is ziek'" + map[bool]string{true: " --until 2021-03-01"}[kind == delivery.Snooze],
		Args:    oneAlert,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			d, err := alerts.Decide(cmd.Context(), o.Scope, o.Alerts, kind, args[0], by, reason, until)
			if err != nil {
				return err
			}
			group := ""
			if d.Alert.Group != "" {
				group = " " + d.Alert.Group
			}
			a.print("%s: %s%s\n", done, d.Alert.Check, group)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (required)")
	cmd.Flags().StringVar(&by, "who", a.env("USER"), "who decides (default $USER)")
	if kind == delivery.Snooze {
		cmd.Flags().StringVar(&until, "until", "", "the first day on which is told of it again, as 2021-03-01 (required)")
	}
	return cmd
}

func (a *app) alertTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test ROLE", Short: "Send a test message to a role, such as sturing or uitvoeringsdienst/HBEL, and say how that went",
		Example: "  inbeeld alerts test datateam",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: cmd.CommandPath() + " takes one role, such as datateam"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			m, err := alerts.Test(o.Scope, o.Alerts, args[0])
			if err != nil {
				return err
			}
			a.print("made %s, to %d addresses\n", m.ID, len(m.Targets))
			return a.sendAlerts(cmd, o)
		},
	}
}

// sendAlerts sends what waits, and fails when something did not arrive.
func (a *app) sendAlerts(cmd *cobra.Command, o pipeline.Options) error {
	sent, err := alerts.Send(cmd.Context(), o.Scope, o.Alerts)
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
		Use: "send", Short: "Send what waits in the outbox: after quiet hours, or when a server was away",
		Long: `send brings the messages that a run has made and could not bring, as far as they are due, and what the
service noted: a deadline that was missed, a run that failed for good. Every run does so too; let a
timer do it in the morning when there are quiet hours.`,
		Example: "  inbeeld alerts send --data /srv/inbeeld", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			return a.sendAlerts(cmd, o)
		},
	}
}

func (a *app) alertPreviewCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "preview", Short: "Write the messages about all that is open now as files, and send nothing",
		Long: `preview writes, for every role that rules name, the message that it would get if nothing had been told
before: as HTML, text and JSON. No address is needed, and nothing is sent.`,
		Example: "  inbeeld alerts preview --out /tmp/berichten", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return &usage.Error{Message: "say where to write with --out DIR"}
			}
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			messages, err := alerts.Preview(cmd.Context(), o.Scope, o.Alerts)
			if err != nil {
				return err
			}
			if err := alerts.WritePreview(out, messages); err != nil {
				return err
			}
			for _, m := range messages {
				a.print("%s: %s\n", m.Recipient, m.Subject)
			}
			a.print("%d messages in %s\n", len(messages), out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to (required)")
	return cmd
}

// printLetters tells of messages that have not arrived.
func (a *app) printLetters(state alerts.State) {
	for _, l := range state.Waiting {
		a.print("message waits   %s to %s", l.Message, l.To)
		if l.Error != "" {
			a.print(": %s (%d attempts)", l.Error, l.Attempts)
		}
		a.print("\n")
	}
	for _, l := range state.Dead {
		a.print("message given up %s to %s: %s\n", l.Message, l.To, l.Error)
	}
	for _, role := range state.Unaddressed {
		a.print("warning: role %s has no address under alerts in %s; what is meant for it goes to %s\n", role, project.ConfigFile, notify.DataTeam)
	}
}
