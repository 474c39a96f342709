package cli

import (
	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/dictionary"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) docsCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "docs --out DIR",
		Short: "Write the data dictionary of the project, as Markdown and as one HTML page",
		Long: `docs explains every source, reference table, model, column and check of the project in Dutch, with a
diagram of the models. It writes ` + dictionary.DictionaryMarkdown + ` and ` + dictionary.DictionaryHTML + ` into DIR, the definitions
of the marts (` + dictionary.Definitions + `), and the recipients of each check (` + dictionary.Recipients + `). The
page is self-contained. The same project always gives the same bytes.`,
		Example: "  inbeeld docs --out ./docs\n  inbeeld docs --out /srv/www/woordenboek --project ./region",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage.Errorf("say where to write with --out DIR")
			}
			b, err := a.bound(cmd.Context())
			if err != nil {
				return err
			}
			d, err := dictionary.Document(cmd.Context(), b)
			if err != nil {
				return err
			}
			paths, err := dictionary.Write(out, d)
			for _, path := range paths {
				a.print("%s\n", path)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to; created if missing (required)")
	return cmd
}

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
