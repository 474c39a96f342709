package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
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

func (a *app) rollbackCommand() *cobra.Command {
	var release bool
	var reason, who string
	cmd := &cobra.Command{
		Use:   "rollback [VERSION]",
		Short: "Publish an earlier version of the marts, and pin it",
		Long: `rollback publishes an earlier version: VERSION, or the one before the current. It pins that version: runs
still compute and check, but publish nothing. The next run publishes again after --release, or after you
withdraw a delivery that only the abandoned version was made of.`,
		Example: "  inbeeld rollback --reason 'aantallen Huizen kloppen niet'\n  inbeeld rollback --release",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || release && len(args) > 0 {
				return usage.Errorf("name one version, or give --release; list versions with: inbeeld versions")
			}
			return nil
		},
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			if release {
				if err := pipeline.Release(ctx, o); err != nil {
					return err
				}
				a.print("released: the next run publishes again\n")
				return nil
			}
			pin, err := pipeline.Rollback(ctx, o, strings.Join(args, ""), who, reason)
			if err != nil {
				return err
			}
			a.print("pinned: version %s is published again; runs publish nothing until\n    inbeeld rollback --release --data %s\n", pin.Version, o.Path)
			for _, d := range pin.Blamed {
				a.print("or, if this delivery was wrong,\n    inbeeld deliveries withdraw %s --reason … --data %s\n", d, o.Path)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&release, "release", false, "remove the pin")
	return a.decisionFlags(cmd, &reason, &who)
}

func (a *app) versionsCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "versions",
		Short:   "List the stored versions of the marts, and what changed between them",
		Example: "  inbeeld versions --data /srv/inbeeld",
		Args:    noArgs,
		RunE: a.with(func(_ context.Context, o pipeline.Options, _ []string) error {
			rows, err := publish.Versions(o.Dir)
			if err != nil {
				return err
			}
			return a.show(rows, func(w *tabwriter.Writer) {
				_, _ = fmt.Fprintln(w, "VERSION\tPUBLISHED\tUP TO\tROWS\tKB\tMARTS CHANGED\tREDEFINED\t")
				for _, r := range rows {
					if r.Fault != "" {
						_, _ = fmt.Fprintf(w, "%s\tdamaged: %s\n", r.Version, r.Fault)
						continue
					}
					last := ""
					for _, p := range r.Peildata {
						last = max(last, p)
					}
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", r.Version, r.Published.Format("2006-01-02 15:04"), last, r.Rows, (r.Size+1023)/1024, few(r.Changed), few(r.Redefined), versionMark(r))
				}
			})
		}),
	})
}

// few names up to three, and counts the rest.
func few(names []string) string {
	const most = 3
	if len(names) <= most {
		return cmp.Or(strings.Join(names, ", "), "none")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func versionMark(r publish.VersionRow) string {
	switch {
	case r.Pinned:
		return "<- pinned"
	case r.Current:
		return "<- current"
	}
	return ""
}
