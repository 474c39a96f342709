package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/audit"
)

func (a *app) explainCommand() *cobra.Command {
	var keys bool
	cmd := &cobra.Command{
		Use:   "explain CHECK[@GROUP]",
		Short: "Explain in Dutch what a check found, since when, why, and what to do",
		Long: `explain prints, for one check, what is wrong, how serious it is, since when, the source of the limit,
the history, the SQL that shows the rows, the recipients, and what to do. With several groups and no
@GROUP it lists them, worst first. Name a check by its id, or by its name if that is unique.

It reads stored results, and works during a run. With --keys it adds a line to the processing log.`,
		Example: `  inbeeld explain marts.transparantie_klantprofielen.profieldekking_gemeente
  inbeeld explain 'transparantie_klantprofielen.profieldekking_gemeente@Gooise Meren'
  inbeeld explain staging.sonar.gemeente_onbekend --keys`,
		Args: exactlyOne("explain takes one CHECK or CHECK@GROUP; see: inbeeld explain --help"),
		RunE: a.with(func(ctx context.Context, o pipeline.Options, args []string) error {
			e, err := audit.Explain(ctx, o.Scope, audit.ExplainOptions{Check: args[0], Keys: keys})
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(e)
			}
			w := a.table()
			if _, err := io.WriteString(w, e.Text()); err != nil {
				return err
			}
			return w.Flush()
		}),
	}
	cmd.Flags().BoolVar(&keys, "keys", false, "print up to 10 keys of failing rows; those of persons are pseudonyms")
	a.jsonFlag(cmd)
	return cmd
}
