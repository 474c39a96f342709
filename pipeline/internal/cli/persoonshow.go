package cli

import (
	"context"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) persoonShowCommand() *cobra.Command {
	var q persons.Request
	var who string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Write everything that is stored about a person to a file to hand over",
		Long: `show reads a BSN from standard input and writes what is stored about that person to a new file: per
source and delivery the rows, the published tables with persons, what is not known and why, in plain
Dutch. The BSN and the pseudonym are not in it. Of a person whom nobody knows the file says so; what is
printed here, and what is searched, is the same. That somebody asked, who and why goes into the
processing log.`,
		Example: `  inbeeld persoon show --out inzage.html --reason 'verzoek 2026-014'
  inbeeld persoon show --out inzage.json --json --reason 'verzoek 2026-014' < bsn.txt`,
		Args: noBSN,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			o.Who, q.JSON, q.BSN = who, a.flags.json, a.readBSN
			if err := persons.Show(ctx, o.Scope, q); err != nil {
				return err
			}
			a.print("wrote %s, readable only by you; hand it over to this person and nobody else\n", q.Out)
			return nil
		}),
	}
	cmd.Flags().StringVar(&q.Out, "out", "", "the new file (required)")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "why, such as the number of the request (required)")
	cmd.Flags().StringVar(&who, "who", a.env("USER"), "who asks for it (default $USER)")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "write JSON instead of a page")
	return cmd
}

// noBSN refuses arguments without repeating them: one may be a BSN.
func noBSN(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage.Errorf("the BSN is read from standard input, never given as an argument: others can see those")
	}
	return nil
}
