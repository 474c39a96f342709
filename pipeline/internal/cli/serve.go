package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/serve"
	"inbeeld/schedules"
)

const (
	defaultListen = "127.0.0.1:8080"
	defaultGrace  = 5 * time.Minute
	// killGrace is how long a run may take to stop once it is asked to.
	killGrace = 30 * time.Second
	// serviceLook is how soon the service notices that the clock was set.
	serviceLook = 20 * time.Second
)

func (a *app) serveCommand() *cobra.Command {
	var listen, grace string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Keep the schedules, night after night, and show a dashboard",
		Long: `serve runs until it is stopped. It starts each run as a process of its own when its schedule says so,
catches up what was missed, tries again what failed, and notes what was not published by its deadline.

The dashboard is on 127.0.0.1:8080. Beyond this machine it needs TLS and users, in inbeeld.yaml:
  serve: {listen: "0.0.0.0:8443", tls_cert: cert.pem, tls_key: key.pem, users: users.txt}
users.txt has lines as htpasswd -nB NAME writes them.

SIGHUP reads the project again; a project with faults is refused, and the schedules stay as they were.
SIGTERM begins nothing new, and lets a run that is going finish within the grace time.`,
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
	cmd.Flags().StringVar(&listen, "listen", "", "where the dashboard is (default "+defaultListen+")")
	cmd.Flags().StringVar(&grace, "grace", "", "how long a run may go on when the service stops (default 5m)")
	return cmd
}

// service is one inbeeld serve.
type service struct {
	*app
	options    pipeline.Options
	program    string
	args       []string // of every command that it starts
	book       ledger.Ledger
	index      *ledger.Index
	supervisor *serve.Supervisor
	project    atomic.Pointer[pipeline.Project]
	refused    atomic.Pointer[string]
}

func (a *app) serve(ctx context.Context) error {
	data := a.data(defaultData)
	o, err := a.options(data)
	if err != nil {
		return err
	}
	if err := pipeline.CheckData(data); err != nil {
		return err
	}
	patience := defaultGrace
	if text := a.config.Serve.Grace; text != "" {
		if patience, err = time.ParseDuration(text); err != nil || patience < 0 {
			return &pipeline.UsageError{Message: fmt.Sprintf("serve: grace %q is no duration; write it as 5m", text)}
		}
	}
	release, err := a.claim(data)
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	s := &service{app: a, options: o, book: ledger.Ledger{Dir: filepath.Join(data, "runs")}, args: a.childArgs(data)}
	if s.program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program, to start runs with: %w", err)
	}
	s.index = &ledger.Index{Ledger: s.book}
	source := s.source(data)
	metrics := dashboard.NewMetrics(source)
	s.supervisor = s.supervise(ctx, data, metrics)
	if _, err := s.load(ctx); err != nil {
		return err
	}
	server, err := s.listen(ctx, source, metrics)
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

// claim makes sure that one service at a time keeps the schedules of a data directory.
func (a *app) claim(data string) (release func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	release, err = ledger.Lock(filepath.Join(data, ".serve.lock"), ledger.Holder{PID: os.Getpid(), Host: host, What: "inbeeld serve", Since: a.now()})
	var locked *ledger.LockedError
	if err != nil && !errors.As(err, &locked) {
		err = fmt.Errorf("%w; the service must be able to write in its data directory", err)
	}
	return release, err
}

// childArgs are the flags that this command was given, for the commands that it starts; they read
// environment and configuration themselves.
func (a *app) childArgs(data string) []string {
	args := []string{"--data", data}
	for _, f := range []struct{ name, value string }{
		{"--project", a.flags.project}, {"--key-file", a.flags.keyFile}, {"--memory-limit", a.flags.memory}, {"--spill", a.flags.spill}, {"--log", a.flags.logLevel},
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
	launcher := serve.Launcher{Program: s.program, Args: s.args, Ledger: s.book}
	keep := pipeline.KeepRuns
	if n := s.config.Retention.Runs; n > 0 {
		keep = n
	}
	return &serve.Supervisor{
		Ledger: s.book, Index: s.index, Grace: killGrace, Look: serviceLook, Keep: keep,
		Launch:  func(o serve.Order) (serve.Child, error) { return launcher.Launch(ctx, o) },
		Free:    func() (bool, error) { return ledger.Free(ledger.LockPath(data)) },
		Current: mart.Store{Dir: filepath.Join(data, "marts")}.Version,
		Inbox: func(only []string) ([]serve.Waiting, error) {
			files, err := s.project.Load().Inbox(context.WithoutCancel(ctx), data, only)
			list := make([]serve.Waiting, len(files))
			for i, f := range files {
				list[i] = serve.Waiting(f)
			}
			return list, err
		},
		Elapsed: func() time.Duration { return time.Since(began) },
		Log:     s.options.Log,
		Ended:   metrics.Ended,
	}
}

func (s *service) loop(patience time.Duration, hangup <-chan os.Signal) serve.Loop {
	l := serve.Loop{
		Supervisor: s.supervisor, Now: s.now, Load: s.load, Reload: hangup, Patience: patience,
		Tell:    serve.Systemd(s.env("NOTIFY_SOCKET")),
		Refused: func(why string) { s.refused.Store(&why) },
	}
	// Half of what systemd waits, as its manual advises.
	if micros, err := strconv.ParseInt(s.env("WATCHDOG_USEC"), 10, 64); err == nil {
		l.Heartbeat = time.Duration(micros) * time.Microsecond / 2
	}
	return l
}

// load validates the project in a process of its own, which opens the database, and then reads its
// schedules.
func (s *service) load(ctx context.Context) ([]*schedules.Schedule, error) {
	cmd := exec.CommandContext(ctx, s.program, append([]string{"validate"}, s.args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitUsage {
		return nil, &pipeline.UsageError{Message: strings.TrimPrefix(strings.TrimSpace(said.String()), "inbeeld: ")}
	}
	if err != nil {
		return nil, fmt.Errorf("validate the project: %w: %s", err, strings.TrimSpace(said.String()))
	}
	p, faults, err := pipeline.LoadProject(s.options.Project)
	if err != nil {
		return nil, &pipeline.UsageError{Message: err.Error()}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	s.project.Store(p)
	return p.Schedules, nil
}

// listen opens the dashboard. It answers in the background until it is shut down.
func (s *service) listen(ctx context.Context, source dashboard.Source, metrics *dashboard.Metrics) (*http.Server, error) {
	c := s.config.Serve
	access := dashboard.Access{Listen: c.Listen, TLS: c.TLSCert != ""}
	if access.Listen == "" {
		access.Listen = defaultListen
	}
	certificates, err := certificate(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	if c.Users != "" {
		text, err := os.ReadFile(c.Users)
		if err != nil {
			return nil, &pipeline.UsageError{Message: "serve: users: " + err.Error()}
		}
		if access.Users, err = dashboard.ParseUsers(c.Users, text); err != nil {
			return nil, &pipeline.UsageError{Message: "serve: users: " + err.Error()}
		}
	}
	if err := access.Check(); err != nil {
		return nil, &pipeline.UsageError{Message: err.Error()}
	}
	handler, err := dashboard.Handler(source, access, metrics)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", access.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &pipeline.UsageError{Message: fmt.Sprintf("listen on %s: another program does already; stop it, or choose another place with --listen", access.Listen)}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", access.Listen, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: quiet(s.options.Log), TLSConfig: certificates,
	}
	scheme := "http"
	if access.TLS {
		scheme = "https"
	}
	s.options.Log.Info().Str("dashboard", scheme+"://"+listener.Addr().String()).Msg("listening")
	go func() {
		answer := server.Serve
		if access.TLS {
			answer = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		if err := answer(listener); !errors.Is(err, http.ErrServerClosed) {
			s.options.Log.Error().Err(err).Msg("the dashboard stopped; the schedules go on")
		}
	}()
	return server, nil
}

// certificate reads what the dashboard shows that it is who it is; nil without TLS.
func certificate(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, &pipeline.UsageError{Message: "serve: tls_cert and tls_key go together; give both, or neither"}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, &pipeline.UsageError{Message: "serve: tls_cert and tls_key: " + err.Error()}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
