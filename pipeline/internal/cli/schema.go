package cli

import (
	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema DIR",
		Short: "Write JSON Schemas of the files of a project, for editors",
		Long: `schema writes a JSON Schema (draft 2020-12) for source contracts, check files, schedules, inbeeld.yaml
and the header of models into DIR, which it makes. An editor with a YAML language server then completes
and explains every key, when the first line of a file names its schema:

    # yaml-language-server: $schema=../schemas/checks.schema.json

It refuses to write over a file that is no schema of inbeeld. validate stays what decides.`,
		Example: "  inbeeld schema ./schemas",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Errorf("say where to write: inbeeld schema DIR")
			}
			paths, err := project.WriteSchemas(args[0])
			for _, path := range paths {
				a.print("%s\n", path)
			}
			return err
		},
	}
}
