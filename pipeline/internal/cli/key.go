package cli

import (
	"context"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/persons"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "key",
		Short:   "Show, rotate, export or import the pseudonym key",
		Long:    `key manages the key that makes the pseudonyms. The key itself is never printed.`,
		Example: "  inbeeld key show\n  inbeeld key export --out kluis.age --reason 'kluis'",
	}
	cmd.AddCommand(a.keyShowCommand(), a.keyExportCommand(), a.keyImportCommand(), a.keyRotateCommand())
	return cmd
}

func (a *app) keyRotateCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Rotate the key, and with it every pseudonym",
		Long: `rotate adds a secret to the key, for when others may know it or somebody who had it leaves. All stored
rows get new pseudonyms, without any BSN; the figures do not change. Computed results are removed; the
next run computes them again. If interrupted, the next run completes or undoes the rotation. The old key
still fits backups made before.`,
		Example: "  inbeeld key rotate --reason 'de sleutel stond op een laptop die weg is'",
		Args:    noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			site, err := o.Site()
			if err != nil {
				return err
			}
			done, err := persons.Rotate(ctx, o.Scope, site, who, reason)
			if err != nil {
				return err
			}
			a.print("rotated: key %s is now %s; deliveries rewritten: %d\n", done.From, done.To, done.Loads)
			a.print("now back up %s again, apart from the data; the old copy no longer fits the lake\n", done.KeyFile)
			a.print("then compute the removed results again: inbeeld run --data %s\n", o.Path)
			return nil
		}),
	}
	a.decisionFlags(cmd, &reason, &who)
	return cmd
}
