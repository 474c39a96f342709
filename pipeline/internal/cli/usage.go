package cli

import (
	"errors"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// usageErrors gives every mistake on the command line the exit code of one, and a hint.
func usageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(flagError)
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var misuse *usage.Error
			if err == nil || errors.As(err, &misuse) {
				return err
			}
			return usage.Errorf("%s: %v; see: %s --help", cmd.CommandPath(), err, cmd.CommandPath())
		}
	}
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = chooseCommand
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}

// chooseCommand is run where the name of a command is missing or wrong.
func chooseCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	hint := projectfile.DidYouMean(args[0], names)
	if hint == "" {
		hint = "see: " + cmd.CommandPath() + " --help"
	}
	return usage.Errorf("%s has no command %q; %s", cmd.CommandPath(), args[0], hint)
}

var unknownFlag = regexp.MustCompile(`^unknown flag: --(\S+)$`)

func flagError(cmd *cobra.Command, err error) error {
	hint := "see: " + cmd.CommandPath() + " --help"
	if m := unknownFlag.FindStringSubmatch(err.Error()); m != nil {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := projectfile.Nearest(m[1], names); near != "" {
			hint = "did you mean --" + near + "?"
		}
	}
	return usage.Errorf("%s: %v; %s", cmd.CommandPath(), err, hint)
}
