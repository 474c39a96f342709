package cli

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"inbeeld/pipeline/internal/ledger"
)

// asProgram is in the environment of this binary when it is to be inbeeld itself.
const asProgram = "INBEELD_TEST_PROGRAM"

// a served data directory with a service as a process of its own.
type served struct {
	t       *testing.T
	data    string
	project string
	address string
	scheme  string
	client  *http.Client
	user    *url.Userinfo
	cmd     *exec.Cmd
	said    *lines
}

// lines is what a process says, for others to look at meanwhile.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newServed makes a data directory of the library project, with a schedule of its own.
func newServed(t *testing.T, schedule string) *served {
	t.Helper()
	s := &served{t: t, scheme: "http", client: http.DefaultClient, data: filepath.Join(t.TempDir(), "data"), project: filepath.Join(t.TempDir(), "project")}
	if err := os.CopyFS(s.project, os.DirFS("../../testdata/foreign/bibliotheek")); err != nil {
		t.Fatal(err)
	}
	s.schedule(schedule)
	if err := os.Mkdir(s.project+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := s.command("init", "--data", s.data, "--project", s.project).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *served) schedule(text string) {
	s.t.Helper()
	dir := filepath.Join(s.project, "schedules")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "nacht.yaml"), []byte(text), 0o600)); err != nil {
		s.t.Fatal(err)
	}
}

// command is inbeeld in a process of its own.
func (s *served) command(args ...string) *exec.Cmd {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+s.project+".tmp")
	return cmd
}

// start starts the service and waits until it is ready.
func (s *served) start() {
	s.t.Helper()
	s.said = &lines{}
	s.cmd = s.command("serve", "--data", s.data, "--project", s.project, "--listen", s.address)
	s.cmd.Stderr = s.said
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	s.until("the service is ready", func() bool { code, _ := s.get("/healthz"); return code == http.StatusOK })
}

// until looks until something is so.
func (s *served) until(what string, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); !so(); {
		if time.Now().After(end) {
			s.t.Fatalf("after a minute it is not so that %s; the service says\n%s", what, s.said)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (s *served) get(path string) (code int, text string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.scheme+"://"+s.address+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.URL.User = s.user
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// outcomes are the runs as the API tells them, by id.
func (s *served) outcomes() map[string]string {
	s.t.Helper()
	_, text := s.get("/api/v1/runs")
	var v struct{ Runs []ledger.Run }
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	by := map[string]string{}
	for _, r := range v.Runs {
		by[r.ID] = r.Outcome
	}
	return by
}

func (s *served) deliver(peildatum, lines string) {
	s.t.Helper()
	path := filepath.Join(s.data, "inbox", "uitleningen", "uitleningen_"+peildatum+".csv")
	if err := os.WriteFile(path, []byte("Exemplaar;Vestiging;UitgeleendOp;Boete\n"+lines), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *served) stop(signal os.Signal) int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	_ = s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

const yearly = "cron: 0 0 1 1 *\ntimezone: Europe/Amsterdam\n"

// TestServe is one life of the service: it starts, sees a delivery land, publishes it in a process of
// its own, takes another schedule on a hang-up, refuses a broken one, and stops.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newServed(t, yearly+"watch: {quiet: 1ms}\n")
	s.start()
	s.until("the schedule is known", func() bool { return len(s.outcomes()) == 1 })
	s.deliver("20240131", "1;C;2024-01-02;1,50\n")
	// It looks at its inbox every so often; a hang-up makes it look now.
	hangup := func() {
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	hangup()
	s.until("the delivery was seen", func() bool { return strings.Contains(s.said.String(), `"message":"reloaded"`) })
	hangup()
	published := ""
	s.until("it is published", func() bool {
		for id, outcome := range s.outcomes() {
			if outcome == "published" {
				published = id
			}
		}
		return published != ""
	})
	s.until("the page of the run has its outcome and its log", func() bool {
		_, page := s.get("/runs/" + published)
		return strings.Contains(page, ">gepubliceerd<") && strings.Contains(page, "&#34;stage&#34;:&#34;publish&#34;")
	})
	if current, err := os.Readlink(filepath.Join(s.data, "marts", "current")); err != nil || filepath.Base(current) != published {
		t.Errorf("current is %s, %v", current, err)
	}

	// The same window again, by hand: nothing happens.
	schedule, window, _ := ledger.ParseWindowID(published)
	again := s.command("run", "--data", s.data, "--project", s.project, "--window", schedule+"@"+window.Format(time.RFC3339))
	if out, err := again.Output(); err != nil || !strings.Contains(string(out), "was decided before: published") {
		t.Errorf("%v: %s", err, out)
	}

	s.schedule("cron: 0 0 30 2 *\ntimezone: UTC\n")
	hangup()
	s.until("the broken schedule is refused", func() bool { return strings.Contains(s.said.String(), "it never fires") })
	if code, page := s.get("/"); code != http.StatusOK || !strings.Contains(page, "het oude blijft gelden") {
		t.Errorf("the dashboard does not say that the project is refused: %d", code)
	}
	if _, text := s.get("/api/v1/windows"); !strings.Contains(text, `"schedule": "nacht"`) {
		t.Errorf("the old schedule is gone: %s", text)
	}
	// What is delivered now is published by the project as it was.
	s.deliver("20240229", "2;C;2024-02-02;1,50\n")
	s.until("the delivery is published by the old project", func() bool {
		hangup()
		n := 0
		for _, outcome := range s.outcomes() {
			if outcome == "published" {
				n++
			}
		}
		return n == 2
	})
	s.schedule("cron: 15 4 * * *\ntimezone: UTC\n")
	hangup()
	s.until("the new schedule counts", func() bool { _, text := s.get("/api/v1/windows"); return strings.Contains(text, "T04:15:00Z") })

	if out, err := s.command("serve", "--data", s.data, "--project", s.project, "--listen", "127.0.0.1:0").CombinedOutput(); exitCode(err) != exitLocked {
		t.Errorf("a second service: %v: %s", err, out)
	}
	other := newServed(t, yearly)
	if out, err := other.command("serve", "--data", other.data, "--project", other.project, "--listen", s.address).CombinedOutput(); exitCode(err) != exitUsage || !strings.Contains(string(out), "the address is in use") {
		t.Errorf("a port in use: %v: %s", err, out)
	}
	if code := s.stop(syscall.SIGTERM); code != exitOK {
		t.Errorf("stopped with %d: %s", code, s.said)
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// TestServeTLS: with TLS and users the dashboard shows itself to those who have a password.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	s := newServed(t, yearly)
	other := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer other.Close()
	hash, err := bcrypt.GenerateFromPassword([]byte("geheim"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	pair := other.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
		"key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), "users": []byte("anna:" + string(hash) + "\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf("serve: {tls_cert: %[1]s/cert.pem, tls_key: %[1]s/key.pem, users: %[1]s/users}\n", dir)
	if err := os.WriteFile(filepath.Join(s.data, "inbeeld.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.scheme, s.client, s.user = "https", other.Client(), url.UserPassword("anna", "geheim")
	s.start()
	if code, page := s.get("/"); code != http.StatusOK || !strings.Contains(page, "Doelgroep in beeld") {
		t.Errorf("with a password: %d", code)
	}
	s.user = url.UserPassword("anna", "fout")
	if code, page := s.get("/"); code != http.StatusUnauthorized || strings.Contains(page, "Doelgroep") {
		t.Errorf("with another one: %d", code)
	}
	if code := s.stop(syscall.SIGTERM); code != exitOK {
		t.Errorf("stopped with %d: %s", code, s.said)
	}
}

// What is wrong is said before anything begins.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	s := newServed(t, yearly)
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("anna:geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ config, want string }{
		{"serve: {listen: '0.0.0.0:0'}", "needs both TLS"},
		{"serve: {listen: '0.0.0.0:0', users: " + users + "}", "users:1: not a name and a bcrypt hash"},
		{"serve: {listen: here}", "write it as 127.0.0.1:8080"},
		{"serve: {tls_cert: cert.pem}", "set both tls_cert and tls_key"},
		{"serve: {tls_cert: cert.pem, tls_key: key.pem}", "tls_cert and tls_key: open cert.pem"},
		{"serve: {grace: long}", `grace "long" is not a duration`},
		{"listen: x", `unknown key "listen"`},
	} {
		if err := os.WriteFile(filepath.Join(s.data, "inbeeld.yaml"), []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := s.command("serve", "--data", s.data, "--project", s.project).CombinedOutput()
		if exitCode(err) != exitUsage || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v: %s", c.config, err, out)
		}
	}
	lock := filepath.Join(s.data, ".serve.lock")
	if err := errors.Join(os.Remove(lock), os.Mkdir(lock, 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.data, "inbeeld.yaml")); err != nil {
		t.Fatal(err)
	}
	out, err := s.command("serve", "--data", s.data, "--project", s.project).CombinedOutput()
	if exitCode(err) != exitFailed || !strings.Contains(string(out), "must be able to write to its data directory") {
		t.Errorf("a data directory that takes nothing: %v: %s", err, out)
	}
	out, err = s.command("serve", "--data", s.data+"x").CombinedOutput()
	if exitCode(err) != exitUsage || !strings.Contains(string(out), "does not exist; create it with: inbeeld init") {
		t.Errorf("no data directory: %v: %s", err, out)
	}
}

// TestServeKilled: the service and its run are killed; the next service runs the window again.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	s := newServed(t, "cron: '* * * * *'\ntimezone: UTC\nretry: {attempts: 2, backoff: 1ms}\n")
	book := ledger.Ledger{Dir: filepath.Join(s.data, "runs")}
	window := time.Now().UTC().Truncate(time.Minute)
	begun := &ledger.Run{ID: ledger.WindowID("nacht", window), Schedule: "nacht", Window: &window, Started: window, Stages: []ledger.Stage{}}
	if err := book.Write(begun); err != nil { // as a run that was killed in its first stage leaves it
		t.Fatal(err)
	}
	s.deliver("20240131", "1;C;2024-01-02;1,50\n")
	s.start()
	s.until("the window is decided", func() bool { r, err := book.Read(begun.ID); return err == nil && r.Decided() })
	r, err := book.Read(begun.ID)
	if err != nil || r.Outcome != "published" && r.Skipped != "superseded" || len(r.Attempts) != 1 || !strings.Contains(r.Attempts[0].Failure, "the machine stopped") {
		t.Errorf("%+v, %v", r, err)
	}
}

// begin starts the service on a delivery, waits until its run is going, and gives the process of that
// run. A run looks twice at a new file, a second apart: so long there is to do something to it.
func (s *served) begin() (run *os.Process, id string) {
	s.t.Helper()
	s.deliver("20240131", "1;C;2024-01-02;1,50\n")
	s.start()
	s.until("a run is going", func() bool {
		_, text := s.get("/api/v1/status")
		var v struct{ Service struct{ Run string } }
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return false
		}
		id = v.Service.Run
		return id != ""
	})
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		var pid int
		if _, serr := fmt.Sscan(string(text), &pid); err == nil && serr == nil {
			if run, err = os.FindProcess(pid); err == nil {
				return run, id
			}
		}
	}
	s.t.Fatalf("the run %s has no process", id)
	return nil, ""
}

// everyMinute has a window in the ledger that is due, so that a run begins at once.
func everyMinute(t *testing.T) *served {
	t.Helper()
	s := newServed(t, "cron: '* * * * *'\ntimezone: UTC\noverlap: queue\nretry: {attempts: 3, backoff: 1ms}\n")
	book := ledger.Ledger{Dir: filepath.Join(s.data, "runs")}
	window := time.Now().UTC().Truncate(time.Minute)
	due := &ledger.Run{ID: ledger.WindowID("nacht", window), Schedule: "nacht", Window: &window, Started: window, Outcome: ledger.Queued, Stages: []ledger.Stage{}}
	if err := book.Write(due); err != nil {
		t.Fatal(err)
	}
	return s
}

// A run that is killed is tried again, and its entry says so.
func TestServeRunKilled(t *testing.T) {
	t.Parallel()
	s := everyMinute(t)
	run, id := s.begin()
	if err := run.Kill(); err != nil {
		t.Fatal(err)
	}
	book := ledger.Ledger{Dir: filepath.Join(s.data, "runs")}
	var entry *ledger.Run
	s.until("the window is decided", func() bool {
		var err error
		entry, err = book.Read(id)
		return err == nil && entry.Decided()
	})
	if entry.Outcome != "published" && entry.Skipped != "superseded" || len(entry.Attempts) != 1 || !strings.Contains(entry.Attempts[0].Failure, "it was killed by the system (killed)") {
		t.Errorf("%+v", entry)
	}
	if _, text := s.get("/metrics"); !strings.Contains(text, `inbeeld_runs_total{outcome="failed",schedule="nacht"} 1`) {
		t.Error("the metrics do not count the attempt")
	}
}

// A service that is killed leaves its run; the next service lets it finish, and does not begin it again.
func TestServeOrphan(t *testing.T) {
	t.Parallel()
	s := everyMinute(t)
	_, id := s.begin()
	if code := s.stop(os.Kill); code != -1 {
		t.Fatalf("the service ended with %d", code)
	}
	s.start()
	book := ledger.Ledger{Dir: filepath.Join(s.data, "runs")}
	var entry *ledger.Run
	s.until("the window is decided", func() bool {
		var err error
		entry, err = book.Read(id)
		return err == nil && entry.Decided()
	})
	if entry.Outcome != "published" || entry.Version != id || len(entry.Attempts) != 0 {
		t.Errorf("%+v", entry)
	}
}

// programMain makes this binary inbeeld when the environment says so.
func programMain() {
	if os.Getenv(asProgram) != "" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
}
