package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) initCommand() *cobra.Command {
	var diff bool
	cmd := &cobra.Command{
		Use:   "init [PROJECTDIR [FILE...]]",
		Short: "Create a data directory, or write the embedded project to a folder to edit",
		Long: `init creates a data directory (--data DIR) with an inbox folder for each source.

With PROJECTDIR it writes the files of the embedded project, or only the named ones, to that folder. Edit
them there and use them with --project. Existing files are not overwritten. Write only the files you
change: all others then follow the program.

With --diff it writes nothing. It shows how the files of PROJECTDIR differ from the embedded ones, and
which embedded files changed since they were written: what to merge after an upgrade.`,
		Example: `  inbeeld init --data /srv/inbeeld
  inbeeld init ./region checks/marts.trechter.yaml
  inbeeld init ./region --diff`,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && diff:
				return usage.Errorf("--diff compares a project folder; write: inbeeld init PROJECTDIR --diff")
			case len(args) == 0:
				return a.initData()
			case a.flags.data != "":
				return usage.Errorf("--data and the project folder %s exclude each other; leave one out", args[0])
			case diff:
				return a.diffProject(args[0], args[1:])
			}
			return a.writeProject(args[0], args[1:])
		},
	}
	cmd.Flags().BoolVar(&diff, "diff", false, "show how PROJECTDIR differs from the embedded project")
	return cmd
}

func (a *app) initData() error {
	p, err := a.loadProject()
	if err != nil {
		return err
	}
	data := a.data()
	if info, err := os.Stat(data); err == nil && !info.IsDir() {
		return usage.Errorf("%s is a file; choose another directory with --data", data)
	}
	if err := intake.Create(data, p); err != nil {
		return err
	}
	a.print("data directory %s is ready; suppliers put their files in:\n", data)
	for _, c := range p.Contracts {
		if c.Dir == "" {
			a.print("  %-32s %s\n", c.From.Label(), "fetched: "+c.Name)
			continue
		}
		a.print("  %-32s %s\n", filepath.Join(data, filepath.FromSlash(c.Dir)), c.Pattern())
	}
	return nil
}

func (a *app) writeProject(dir string, names []string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usage.Errorf("%s is a file; choose another folder", dir)
	}
	w, err := project.Write(dir, names)
	if err != nil {
		return err
	}
	for _, name := range w.Written {
		a.print("wrote %s\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
	for _, name := range w.Existing {
		a.print("kept  %s\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
	if len(w.Written) == 0 {
		return usage.Errorf("nothing to write: every file exists; compare with: inbeeld init %s --diff", dir)
	}
	a.print("%d written, %d kept; use them with --project %s\n", len(w.Written), len(w.Existing), dir)
	return nil
}

func (a *app) diffProject(dir string, names []string) error {
	diffs, err := project.Diff(dir, names)
	if err != nil {
		return err
	}
	for _, d := range diffs {
		a.print("%s: %s\n", d.Path, standing(d))
		a.print("%s", d.Diff)
	}
	return nil
}

// standing compares a file with the embedded one, in words.
func standing(d project.FileDiff) string {
	switch {
	case !d.Embedded && d.Known:
		return "only here; this version no longer embeds it"
	case !d.Embedded:
		return "only here"
	case d.Same:
		return "same"
	case d.Known && d.Updated && d.Edited:
		return "edited here, and the embedded file changed since: merge that change"
	case d.Known && d.Updated:
		return "the embedded file changed since, and nothing was edited here: remove the file, or write it again"
	case d.Known:
		return "edited here"
	}
	return "differs"
}
