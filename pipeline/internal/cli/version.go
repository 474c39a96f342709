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
		Short:   "Print the version and the commit of the program",
		Example: "  inbeeld version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.print("%s\n%s\n%s %s/%s\n", fingerprint.Program, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// commit describes the commit that the program was built from.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "commit unknown"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["vcs.revision"] == "" {
		return "commit unknown: the build did not record it"
	}
	text := "commit " + settings["vcs.revision"] + " of " + settings["vcs.time"]
	if settings["vcs.modified"] == "true" {
		text += ", modified"
	}
	return text
}
