package cli

import (
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) explainCommand() *cobra.Command {
	var keys bool
	cmd := &cobra.Command{
		Use:   "explain CHECK[@GROUP]",
		Short: "Say in Dutch what a check found, since when, why, and what to do about it",
		Long: `explain says of one check what is wrong, how bad, since when, where the limit comes from, how it went
before, which SQL shows the rows, who hears of it and what to do. With several groups and no @GROUP it
lists them, the worst first. A check is named by its id, or by its name where only one has that.

It reads what runs have kept, and may be asked while a run is going on. Keys that are shown make a line
in the processing log.`,
		Example: `  inbeeld explain marts.transparantie_klantprofielen.profieldekking_gemeente
  inbeeld explain 'transparantie_klantprofielen.profieldekking_gemeente@Gooise Meren'
  inbeeld explain staging.sonar.gemeente_onbekend --keys`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: "explain takes one CHECK or CHECK@GROUP; see: inbeeld explain --help"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			e, err := pipeline.Explain(cmd.Context(), o.Scope, pipeline.ExplainOptions{Check: args[0], Keys: keys})
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(e)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			if _, err := io.WriteString(w, e.Text()); err != nil {
				return err
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&keys, "keys", false, "print up to 10 keys of failing rows; those of persons are pseudonyms")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}
