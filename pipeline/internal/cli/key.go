package cli

import (
	"github.com/spf13/cobra"

	"inbeeld/pipeline"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Look after the key of the pseudonyms",
		Long: `key shows which key the pseudonyms are made with, changes it, and takes it to another machine. The key
itself is never printed.`,
		Example: "  inbeeld key show\n  inbeeld key export --out kluis.age --reason 'kluis'",
	}
	cmd.AddCommand(a.keyShowCommand(), a.keyExportCommand(), a.keyImportCommand(), a.keyRotateCommand())
	return cmd
}

func (a *app) keyRotateCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Change the key, and with it the pseudonym of everybody",
		Long: `rotate adds a secret to the key, for when it may be known to others or somebody who had it
leaves. All rows that are kept get the pseudonym that follows from it, without any BSN; the figures stay
what they are. What was computed is removed, and computed again by the next run. Cut short, it is finished
or undone by the next run. Copies of the old key, and backups made before, still lead to each other.`,
		Example: "  inbeeld key rotate --reason 'de sleutel stond op een laptop die weg is'",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			site, err := o.Site()
			if err != nil {
				return err
			}
			done, err := pipeline.Rotate(cmd.Context(), o.Scope, site, who, reason)
			if err != nil {
				return err
			}
			a.print("rotated: the key was %s and is now %s; deliveries with other pseudonyms: %d\n", done.From, done.To, done.Loads)
			a.print("now back up %s again, apart from the data; the old copy does not fit the lake any more\n", done.KeyFile)
			a.print("then compute again what was removed: inbeeld run --data %s\n", o.Path)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it goes into the processing log (required)")
	cmd.Flags().StringVar(&who, "who", a.env("USER"), "who decides (default $USER)")
	return cmd
}
