package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// The exit codes of the program.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBlocked     = 3
	exitStrict      = 4
	exitLocked      = 75
	exitInterrupted = 130
)

// exitCodes explains the exit codes.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitOK, "Published, nothing to do, or an earlier version is pinned."},
	{exitFailed, "Failed; the marts did not change."},
	{exitUsage, "Wrong usage, configuration or project; nothing ran."},
	{exitBlocked, "Blocked by checks, or waiting for approval; the marts did not change."},
	{exitStrict, "With --strict: a file was not taken in, a delivery is refused, or an alarm is raised."},
	{exitLocked, "Another run is active."},
	{exitInterrupted, "Interrupted."},
}

// An exitError is an exit code whose reason was printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// An app is one invocation of the program.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	now            func() time.Time
	config         project.Config
	flags          struct {
		data, project, keyFile, memory, spill, logLevel string
		threads                                         int
		json                                            bool
	}
}

// Main runs the program and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, env: os.Getenv, now: time.Now}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.code(root.ExecuteContext(ctx))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "inbeeld",
		Short: "Load, judge and publish data on the doelgroep banenafspraak every night",
		Long: `inbeeld loads the deliveries of a labour-market region, judges them, and publishes marts for BI. It
always publishes one complete, checked version.`,
		Example: `  inbeeld demo                     # try it on synthetic deliveries
  inbeeld init --data /srv/inbeeld # make a data directory
  inbeeld run --data /srv/inbeeld  # one night`,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.configure() },
	}
	f := root.PersistentFlags()
	f.StringVar(&a.flags.data, "data", "", "data directory (INBEELD_DATA; default ./data)")
	f.StringVar(&a.flags.project, "project", "", "project folder laid over the embedded one (INBEELD_PROJECT)")
	f.StringVar(&a.flags.keyFile, "key-file", "", "pseudonym key (INBEELD_KEY_FILE; default secrets/pseudonym.key in the data directory)")
	f.StringVar(&a.flags.memory, "memory-limit", "", "memory limit of the database, such as 4GB (INBEELD_MEMORY_LIMIT; default 2GB)")
	f.StringVar(&a.flags.spill, "spill", "", "local directory for data that exceeds memory (INBEELD_SPILL; default inside the data directory)")
	f.IntVar(&a.flags.threads, "threads", 0, "parallel models and loads (INBEELD_THREADS; default one per processor)")
	f.StringVar(&a.flags.logLevel, "log", "", "log level: debug, info, warn or error (INBEELD_LOG; default info, on a terminal warn)")
	root.AddCommand(
		a.initCommand(), a.demoCommand(), a.manCommand(), a.planCommand(), a.processingCommand(),
		a.runCommand(), a.approveCommand(), a.deliveriesCommand(), a.probeCommand(), a.alertsCommand(),
		a.keyCommand(), a.persoonCommand(), a.versionsCommand(), a.rollbackCommand(), a.shellCommand(),
		a.validateCommand(), a.traceCommand(), a.checkCommand(), a.explainCommand(), a.docsCommand(),
		a.schemaCommand(), a.testCommand(), a.statusCommand(), a.runsCommand(), a.showCommand(),
		a.scheduleCommand(), a.serveCommand(), a.versionCommand(),
	)
	usageErrors(root)
	a.complete(root)
	return root
}

// code prints an error, if any, and returns the exit code.
func (a *app) code(err error) int {
	var faults projectfile.Faults
	var misuse *usage.Error
	var locked *ledger.LockedError
	var exit exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &faults):
		a.say("%s in the project; nothing ran:\n%v", count(len(faults), "fault"), faults)
		return exitUsage
	case errors.As(err, &misuse):
		a.say("inbeeld: %v", misuse)
		return exitUsage
	case errors.As(err, &locked):
		a.say("inbeeld: %v", locked)
		return exitLocked
	case errors.Is(err, context.Canceled):
		a.say("inbeeld: interrupted; the published marts did not change")
		return exitInterrupted
	}
	a.say("inbeeld: %v", err)
	return exitFailed
}

// noArgs refuses arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage.Errorf("%s takes no argument %q; see: %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

// exactlyOne requires one argument; message says which.
func exactlyOne(message string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage.Errorf("%s", message)
		}
		return nil
	}
}

// takesOne requires one argument; what says which.
func takesOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage.Errorf("%s takes one %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// decisionFlags adds the flags of a command that decides, and returns the command.
func (a *app) decisionFlags(cmd *cobra.Command, reason, who *string) *cobra.Command {
	cmd.Flags().StringVar(reason, "reason", "", "why; recorded with the decision (required)")
	cmd.Flags().StringVar(who, "who", a.env("USER"), "who decides (default $USER)")
	return cmd
}

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
