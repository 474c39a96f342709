package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/fingerprint"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and what the program was built from",
		Example: "  inbeeld version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.print("%s\n%s\n%s %s/%s\n", fingerprint.Program, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// commit says from what the program was built, as the build wrote down.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "commit unknown"
	}
	said := map[string]string{}
	for _, s := range info.Settings {
		said[s.Key] = s.Value
	}
	if said["vcs.revision"] == "" {
		return "commit unknown: the build did not write it down"
	}
	text := "commit " + said["vcs.revision"] + " of " + said["vcs.time"]
	if said["vcs.modified"] == "true" {
		text += ", changed since"
	}
	return text
}
