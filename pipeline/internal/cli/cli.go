// Package cli is the command line: streams and arguments in, exit code out. Words: a command; its
// configuration, from flags, then the environment (INBEELD_…), then inbeeld.yaml in the working
// directory, then defaults; its exit code, which says what a scheduler must know.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBlocked     = 3
	exitStrict      = 4
	exitLocked      = 75
	exitInterrupted = 130
)

// exitCodes are what a scheduler must know.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitOK, "Published, nothing to do, or an earlier version is pinned."},
	{exitFailed, "Failed; the marts are as they were."},
	{exitUsage, "Wrong usage, configuration or project; nothing was run."},
	{exitBlocked, "Blocked by checks; the marts are as they were."},
	{exitStrict, "With --strict: a delivery is refused, or an alarm is raised."},
	{exitLocked, "Another run is going."},
	{exitInterrupted, "Interrupted."},
}

// exitError is an outcome that is no fault of the program: it was said already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// app is one call of the program.
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

// Main runs the program and gives its exit code.
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
		Short: "The doelgroep banenafspraak in beeld: loads, judges and publishes every night",
		Long: `inbeeld takes the deliveries of a labour-market region, loads and judges them, and publishes
marts for BI. What is published is always one complete, checked version.`,
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
	f.StringVar(&a.flags.memory, "memory-limit", "", "memory of the database, such as 4GB (INBEELD_MEMORY_LIMIT; default 2GB)")
	f.StringVar(&a.flags.spill, "spill", "", "local directory for what does not fit in memory (INBEELD_SPILL; default in the data directory)")
	f.IntVar(&a.flags.threads, "threads", 0, "models and loads side by side (INBEELD_THREADS; default one a processor)")
	f.StringVar(&a.flags.logLevel, "log", "", "debug, info, warn or error (INBEELD_LOG; default info, on a terminal warn)")
	root.AddCommand(
		a.initCommand(),
		a.demoCommand(),
		a.manCommand(),
		a.planCommand(),
		a.processingCommand(),
		a.runCommand(),
		a.approveCommand(),
		a.deliveriesCommand(),
		a.probeCommand(),
		a.alertsCommand(),
		a.keyCommand(),
		a.persoonCommand(),
		a.versionsCommand(),
		a.rollbackCommand(),
		a.shellCommand(),
		a.validateCommand(),
		a.traceCommand(),
		a.checkCommand(),
		a.explainCommand(),
		a.docsCommand(),
		a.schemaCommand(),
		a.testCommand(),
		a.statusCommand(),
		a.runsCommand(),
		a.showCommand(),
		a.scheduleCommand(),
		a.serveCommand(),
		a.versionCommand(),
	)
	usageErrors(root)
	a.complete(root)
	return root
}

// code says what went wrong, if anything, and gives the exit code.
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
		a.say("%d faults in the project; nothing was run:\n%v", len(faults), faults)
		return exitUsage
	case errors.As(err, &misuse):
		a.say("inbeeld: %v", misuse)
		return exitUsage
	case errors.As(err, &locked):
		a.say("inbeeld: %v", locked)
		return exitLocked
	case errors.Is(err, context.Canceled):
		a.say("inbeeld: interrupted; what is published is as it was")
		return exitInterrupted
	}
	a.say("inbeeld: %v", err)
	return exitFailed
}

func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stderr, format+"\n", args...)
}

func (a *app) print(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stdout, format, args...)
}

// noArgs refuses arguments with the exit code of a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usage.Error{Message: fmt.Sprintf("%s takes no argument %q; see: %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())}
	}
	return nil
}
