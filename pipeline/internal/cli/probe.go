package cli

import (
	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/probe"
)

func (a *app) probeCommand() *cobra.Command {
	var o probe.Options
	cmd := &cobra.Command{
		Use:   "probe FILE",
		Short: "Propose a contract for a file: columns, types, key, the date in its name",
		Long: `probe reads a file of which nothing was agreed and prints a contract that would load it, as YAML to
edit. It shows names and types, never a value. What it guesses is for a person to check. What travels in
gzip, zip, age or PGP is taken out into a temporary folder that only you can read, and removed.`,
		Example: `  inbeeld probe sonar_20201231.csv > project/sources/sonar.yaml
  inbeeld probe sonar_20201231.csv.age --identity data/secrets/leverancier.age`,
		Args: exactlyOne("name one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := probe.Probe(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			a.print("%s", p.YAML())
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Identity, "identity", "", "file with our private key, for a file that is encrypted with age or PGP, or with the password of a zip")
	return cmd
}
