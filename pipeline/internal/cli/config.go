package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// configure reads the configuration: flags override the environment, which overrides inbeeld.yaml in the
// working directory, which overrides inbeeld.yaml in the data directory.
func (a *app) configure() error {
	if err := a.readConfig(project.ConfigFile); err != nil {
		return err
	}
	if err := a.override(); err != nil {
		return err
	}
	if a.config.Data == "" {
		return nil
	}
	here := a.config
	a.config = project.Config{}
	for _, file := range []string{filepath.Join(here.Data, project.ConfigFile), project.ConfigFile} {
		if err := a.readConfig(file); err != nil {
			return err
		}
	}
	a.config.Data = here.Data
	return a.override()
}

func (a *app) readConfig(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // the command refuses a file as data directory
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	return project.ParseConfig(filepath.Dir(file), file, text, &a.config).Err()
}

// override applies the environment and the flags.
func (a *app) override() error {
	for _, s := range []struct {
		flag, env string
		into      *string
	}{
		{a.flags.data, "INBEELD_DATA", &a.config.Data},
		{a.flags.project, "INBEELD_PROJECT", &a.config.Project},
		{a.flags.keyFile, "INBEELD_KEY_FILE", &a.config.KeyFile},
		{a.flags.memory, "INBEELD_MEMORY_LIMIT", &a.config.MemoryLimit},
		{a.flags.spill, "INBEELD_SPILL", &a.config.Spill},
		{a.flags.logLevel, "INBEELD_LOG", &a.flags.logLevel},
	} {
		if v := a.env(s.env); v != "" {
			*s.into = v
		}
		if s.flag != "" {
			*s.into = s.flag
		}
	}
	if v := a.env("INBEELD_THREADS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return usage.Errorf("INBEELD_THREADS is %q, not a number", v)
		}
		a.config.Threads = n
	}
	if a.flags.threads != 0 {
		a.config.Threads = a.flags.threads
	}
	if a.config.Threads < 0 {
		return usage.Errorf("threads must be 1 or more")
	}
	return nil
}

// data returns the data directory.
func (a *app) data() string { return cmp.Or(a.config.Data, "data") }

// loadProject reads the project, and returns its faults as an error.
func (a *app) loadProject() (*project.Project, error) { return loadProject(a.config.Project) }

func loadProject(dir string) (*project.Project, error) {
	p, faults, err := project.Load(dir)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	return p, faults.Err()
}

// with returns the RunE of a command that needs the options of a run.
func (a *app) with(do func(ctx context.Context, o pipeline.Options, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o, err := a.options()
		if err != nil {
			return err
		}
		return do(cmd.Context(), o, args)
	}
}

// options returns the options of a run.
func (a *app) options() (pipeline.Options, error) {
	log, err := a.logger()
	if err != nil {
		return pipeline.Options{}, err
	}
	c := a.config
	o := pipeline.Options{
		Scope: intake.Scope{
			Dir: datadir.Dir{
				Path: a.data(), KeyFile: c.KeyFile, MemoryLimit: c.MemoryLimit, Spill: c.Spill, Threads: c.Threads,
				Now: a.now, Wait: wait, Jitter: rand.Float64, Env: a.env, Log: log, User: systemUser(),
			},
			ProjectDir: c.Project,
			Retain:     intake.Retention{Landing: c.Retention.Landing, Lake: c.Retention.Lake},
		},
		Publish: publish.Settings{
			Intern: c.Publish.Intern, Group: c.Publish.Group, InternGroup: c.Publish.InternGroup, CSV: c.Publish.CSV, To: c.Publish.To.From, Keep: c.Retention.Versions,
		},
		Alerts: c.Alerts, MaxDelivery: c.MaxDelivery, KeepRuns: c.Retention.Runs,
	}
	if a.terminal() && zerolog.GlobalLevel() != zerolog.Disabled && log.GetLevel() >= zerolog.WarnLevel {
		o.Progress = a.progress
	}
	return o, nil
}

// systemUser returns the name of the current user, or its number if it has no name.
func systemUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// terminal reports whether stderr is a terminal.
func (a *app) terminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// logger returns a logger that writes lines of JSON, or plain text on a terminal.
func (a *app) logger() (zerolog.Logger, error) {
	level := zerolog.InfoLevel
	out := a.stderr
	if a.terminal() {
		level = zerolog.WarnLevel
		out = zerolog.ConsoleWriter{Out: a.stderr, NoColor: a.env("NO_COLOR") != "", TimeFormat: time.TimeOnly}
	}
	switch a.flags.logLevel {
	case "":
	case "debug", "info", "warn", "error":
		level, _ = zerolog.ParseLevel(a.flags.logLevel)
	default:
		return zerolog.Logger{}, usage.Errorf("log level %q; choose debug, info, warn or error", a.flags.logLevel)
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), nil
}

// progress updates one line on the terminal.
func (a *app) progress(stage string, done, total int) {
	end := ""
	if done == total {
		end = "\r\033[K"
	}
	_, _ = fmt.Fprintf(a.stderr, "\r\033[K%-9s %d/%d%s", stage, done, total, end)
}
