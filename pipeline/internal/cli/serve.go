package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/serve"
	"inbeeld/pipeline/internal/serve/web"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/schedules"
)

const (
	defaultListen = "127.0.0.1:8080"
	defaultGrace  = 5 * time.Minute
	// killGrace is how long a run may take to stop after SIGTERM.
	killGrace = 30 * time.Second
	// maxSleep is how soon the service notices that the clock was set.
	maxSleep = 20 * time.Second
)

func (a *app) serveCommand() *cobra.Command {
	var listen, grace string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start runs on schedule, and serve the dashboard",
		Long: `serve starts each scheduled run as a separate process, catches up missed runs, retries failed ones, and
reports what was not published by its deadline. It runs until it is stopped.

The dashboard listens on 127.0.0.1:8080. To open it to other machines, set TLS and users in inbeeld.yaml:
  serve: {listen: "0.0.0.0:8443", tls_cert: cert.pem, tls_key: key.pem, users: users.txt}
Write the lines of users.txt with: htpasswd -nB NAME

Runs use the project as it was when the service started. SIGHUP loads it again; the service refuses a
project with faults and keeps the old one. SIGTERM lets a run in progress finish within the grace time.`,
		Example: "  inbeeld serve --data /srv/inbeeld\n  inbeeld serve --listen 127.0.0.1:9000 --grace 10m",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if listen != "" {
				a.config.Serve.Listen = listen
			}
			if grace != "" {
				a.config.Serve.Grace = grace
			}
			return a.serve(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the dashboard (default "+defaultListen+")")
	cmd.Flags().StringVar(&grace, "grace", "", "how long a run may continue when the service stops (default 5m)")
	return cmd
}

// A service is one inbeeld serve.
type service struct {
	*app
	options    pipeline.Options
	program    string
	args       []string // of every command that it starts, except --project
	copied     string   // copy of the project as loaded last; "" for the embedded one
	before     string   // the previous copy, which a starting run may still read
	book       ledger.Ledger
	index      *ledger.Index
	supervisor *serve.Supervisor
	project    atomic.Pointer[project.Project]
	refused    atomic.Pointer[string]
}

func (a *app) serve(ctx context.Context) error {
	data := a.data()
	o, err := a.options()
	if err != nil {
		return err
	}
	if err := datadir.Check(data); err != nil {
		return err
	}
	patience := defaultGrace
	if text := a.config.Serve.Grace; text != "" {
		if patience, err = time.ParseDuration(text); err != nil || patience < 0 {
			return usage.Errorf("serve: grace %q is not a duration; write 5m", text)
		}
	}
	release, err := a.claim(data)
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	if p := o.ProjectDir; p != "" {
		if o.ProjectDir, err = filepath.Abs(p); err != nil {
			return fmt.Errorf("project %s: %w", p, err)
		}
	}
	s := &service{app: a, options: o, book: ledger.Ledger{Dir: filepath.Join(data, "runs")}, args: a.childArgs(data)}
	if s.program, err = os.Executable(); err != nil {
		return fmt.Errorf("find the executable to start runs with: %w", err)
	}
	s.index = &ledger.Index{Ledger: s.book}
	feed := &web.Feed{
		Scope: o.Scope, Index: s.index, Project: s.project.Load, Refused: s.refused.Load,
		State: func() serve.State { return s.supervisor.State() }, // the supervisor needs the metrics of this feed
	}
	source := feed.Source()
	metrics := dashboard.NewMetrics(source)
	s.supervisor = s.supervise(ctx, data, metrics)
	defer func() { s.forget(s.copied); s.forget(s.before) }()
	c := s.config.Serve
	settings := web.Settings{Listen: cmp.Or(c.Listen, defaultListen), TLSCert: c.TLSCert, TLSKey: c.TLSKey, Users: c.Users}
	server, err := web.Start(ctx, settings, source, metrics, o.Log)
	if err != nil {
		return err
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	err = s.loop(patience, reload).Run(ctx)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if cerr := server.Shutdown(closing); cerr != nil && !errors.Is(cerr, context.DeadlineExceeded) {
		err = errors.Join(err, cerr)
	}
	return err
}

// claim takes the lock that allows one service per data directory.
func (a *app) claim(data string) (release func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	release, err = ledger.Lock(filepath.Join(data, ".serve.lock"), ledger.Holder{PID: os.Getpid(), Host: host, What: "inbeeld serve", Since: a.now()})
	var locked *ledger.LockedError
	if err != nil && !errors.As(err, &locked) {
		err = fmt.Errorf("%w; the service must be able to write to its data directory", err)
	}
	return release, err
}

// childArgs returns the flags for the commands that the service starts, except --project. They read the
// environment and configuration themselves.
func (a *app) childArgs(data string) []string {
	args := []string{"--data", data}
	for _, f := range []struct{ name, value string }{
		{"--key-file", a.flags.keyFile}, {"--memory-limit", a.flags.memory}, {"--spill", a.flags.spill}, {"--log", a.flags.logLevel},
	} {
		if f.value != "" {
			args = append(args, f.name, f.value)
		}
	}
	if a.flags.threads > 0 {
		args = append(args, "--threads", strconv.Itoa(a.flags.threads))
	}
	return args
}

func (s *service) supervise(ctx context.Context, data string, metrics *dashboard.Metrics) *serve.Supervisor {
	began := time.Now()
	return &serve.Supervisor{
		Ledger: s.book, Index: s.index, Grace: killGrace, MaxSleep: maxSleep,
		Keep: cmp.Or(max(0, s.config.Retention.Runs), project.KeepRuns),
		Launch: func(o serve.Order) (serve.Child, error) {
			return serve.Launcher{Program: s.program, Args: s.with(s.copied), Ledger: s.book}.Launch(ctx, o)
		},
		Free:    func() (bool, error) { return ledger.Free(ledger.LockPath(data)) },
		Current: mart.Store{Dir: filepath.Join(data, "marts")}.Version,
		Inbox: func(only []string) ([]serve.Waiting, error) {
			files, err := intake.Inbox(context.WithoutCancel(ctx), s.project.Load(), data, only)
			list := make([]serve.Waiting, len(files))
			for i, f := range files {
				list[i] = serve.Waiting(f)
			}
			return list, err
		},
		Elapsed: func() time.Duration { return time.Since(began) },
		Log:     s.options.Log,
		Ended:   metrics.Ended,
		OnEvent: func() { s.alert(ctx) },
	}
}

// alert sends the alerts of the service in a separate process, so that a slow mail server does not block
// it. What cannot be sent waits for the next run.
func (s *service) alert(ctx context.Context) {
	cmd := exec.CommandContext(ctx, s.program, append([]string{"alerts", "send"}, s.with(s.copied)...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		s.options.Log.Error().Err(err).Msg("the alerts of the service could not be sent")
		return
	}
	go func() {
		if err := cmd.Wait(); err != nil {
			s.options.Log.Error().Err(err).Str("stderr", strings.TrimSpace(stderr.String())).Msg("the alerts of the service could not be sent")
		}
	}()
}

func (s *service) loop(patience time.Duration, hangup <-chan os.Signal) serve.Loop {
	l := serve.Loop{
		Supervisor: s.supervisor, Now: s.now, Load: s.load, Reload: hangup, StopTimeout: patience,
		Notify:  serve.Systemd(s.env("NOTIFY_SOCKET")),
		Refused: func(why string) { s.refused.Store(&why) },
	}
	// Half the interval of systemd, as its manual advises.
	if micros, err := strconv.ParseInt(s.env("WATCHDOG_USEC"), 10, 64); err == nil {
		l.Heartbeat = time.Duration(micros) * time.Microsecond / 2
	}
	return l
}

// with returns the arguments of a command on a copy of the project.
func (s *service) with(project string) []string {
	if project == "" {
		return s.args
	}
	return append(slices.Clone(s.args), "--project", project)
}

// forget removes a copy of the project.
func (s *service) forget(project string) {
	if err := os.RemoveAll(project); project != "" && err != nil {
		s.options.Log.Warn().Err(err).Msg("a copy of the project could not be removed")
	}
}

// load copies the project, so that a run never reads one that is being edited, validates the copy and
// returns its schedules. If it has faults, the previous copy stays in use.
func (s *service) load(ctx context.Context) (list []*schedules.Schedule, err error) {
	proj := ""
	if s.options.ProjectDir != "" {
		if proj, err = os.MkdirTemp("", "inbeeld-project-*"); err != nil {
			return nil, fmt.Errorf("copy the project: %w", err)
		}
		if err = project.Copy(s.options.ProjectDir, proj); err != nil {
			s.forget(proj)
			return nil, usage.Errorf("%v", err)
		}
	}
	p, err := s.validated(ctx, proj)
	if err != nil {
		s.forget(proj)
		return nil, err
	}
	s.forget(s.before)
	s.before, s.copied = s.copied, proj
	s.project.Store(p)
	return p.Schedules, nil
}

// validated loads a project without faults. A separate process, which opens the database, binds it.
func (s *service) validated(ctx context.Context, proj string) (*project.Project, error) {
	cmd := exec.CommandContext(ctx, s.program, append([]string{"validate"}, s.with(proj)...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitUsage {
		return nil, usage.Errorf("%s", strings.TrimPrefix(strings.TrimSpace(stderr.String()), "inbeeld: "))
	}
	if err != nil {
		return nil, fmt.Errorf("validate the project: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return loadProject(proj)
}
