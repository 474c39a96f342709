package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) initCommand() *cobra.Command {
	var diff bool
	cmd := &cobra.Command{
		Use:   "init [PROJECTDIR [FILE...]]",
		Short: "Make a data directory, or write the embedded project out to edit it",
		Long: `init makes a data directory (--data DIR), with an inbox folder for each source.

With PROJECTDIR it writes the files of the embedded project into that folder, or only those named, to
be edited there and used with --project. A file that exists is kept as it is. Write out only what you
change: all other files then follow the program.

With --diff it writes nothing, and shows how the files of PROJECTDIR differ from those embedded in this
version, and which of these changed since they were written out: what to carry over after an upgrade.`,
		Example: `  inbeeld init --data /srv/inbeeld
  inbeeld init ./region checks/marts.trechter.yaml
  inbeeld init ./region --diff`,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && diff:
				return &usage.Error{Message: "--diff compares a project folder; write: inbeeld init PROJECTDIR --diff"}
			case len(args) == 0:
				return a.initData()
			case a.flags.data != "":
				return &usage.Error{Message: "a data directory (--data) and a project folder (" + args[0] + ") are made apart; leave one out"}
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
	p, faults, err := project.Load(a.config.Project)
	if err != nil {
		return &usage.Error{Message: err.Error()}
	}
	if len(faults) > 0 {
		return faults
	}
	data := a.data(defaultData)
	if info, err := os.Stat(data); err == nil && !info.IsDir() {
		return &usage.Error{Message: data + " is a file; choose another place with --data"}
	}
	if err := pipeline.CreateData(data, p); err != nil {
		return err
	}
	a.print("data directory %s is ready; suppliers put their files in:\n", data)
	for _, c := range p.Contracts {
		if c.Dir == "" {
			a.print("  %-32s %s\n", c.From.Label(), "is fetched: "+c.Name)
			continue
		}
		a.print("  %-32s %s\n", filepath.Join(data, filepath.FromSlash(c.Dir)), c.Pattern())
	}
	return nil
}

func (a *app) writeProject(dir string, names []string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return &usage.Error{Message: dir + " is a file; choose another folder"}
	}
	w, err := project.Write(dir, names)
	if err != nil {
		return err
	}
	for _, name := range w.Written {
		a.print("wrote %s\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
	for _, name := range w.Kept {
		a.print("kept  %s\n", filepath.Join(dir, filepath.FromSlash(name)))
	}
	if len(w.Written) == 0 {
		return &usage.Error{Message: "nothing was written: every file exists already; compare with: inbeeld init " + dir + " --diff"}
	}
	a.print("%d written, %d kept; use them with --project %s\n", len(w.Written), len(w.Kept), dir)
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

// standing says in words how a file stands to the embedded one.
func standing(d project.FileDiff) string {
	switch {
	case !d.Embedded && d.Known:
		return "only here; the embedded one it was written from is gone in this version"
	case !d.Embedded:
		return "only here"
	case d.Same:
		return "same"
	case d.Known && d.Moved && d.Edited:
		return "edited here, and the embedded one changed since it was written out: carry that over"
	case d.Known && d.Moved:
		return "the embedded one changed since it was written out, and nothing was edited here: remove the file, or write it out anew"
	case d.Known:
		return "edited here"
	}
	return "differs"
}
