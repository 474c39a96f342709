package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// The tests of whole runs work on nights: a data directory with a key of its own, the project in
// testdata/night, which runs in a fraction of a second, and a clock that stands still.

// nightKey is the pseudonym key of every night, so that two of them can be compared.
const nightKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"

var nightClock = time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC)

// TestMain lets the test binary be a run of its own, so that it can be killed.
func TestMain(m *testing.M) {
	if order := os.Getenv("INBEELD_NIGHT"); order != "" {
		os.Exit(nightProcess(order))
	}
	code := m.Run()
	if shared.root != "" {
		_ = os.RemoveAll(shared.root)
	}
	os.Exit(code)
}

// A nightOrder is what a run in a process of its own is to do.
type nightOrder struct {
	Data, Project string
	Threads       int
	// KillAt is the point, counted from 1, at which it kills itself; 0 is never.
	KillAt int
	// HoldAt is the point at which it says so on stdout, and waits for stdin to end.
	HoldAt string
	// Alerts is a folder that messages go to; "" is nobody is told anything.
	Alerts string
	// FileLimit is the largest file that it may write, in bytes; 0 is any.
	FileLimit uint64
	// Rollback is done in place of a run.
	Rollback bool
	// Memory is the limit of the run; "" is the standard one.
	Memory string
	// PublishTo is where the copy goes, and Env the secrets that it names.
	PublishTo contract.From
	Env       map[string]string
	// Approve is a run to approve before the run; "" is none.
	Approve string
	// Rewrite is done in place of a run: a rotation, or the erasure of erasedBSN.
	Rewrite string
}

func nightProcess(text string) int {
	var order nightOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		panic(err)
	}
	unix.Umask(0) // modes must not depend on it
	if order.FileLimit > 0 {
		signal.Ignore(unix.SIGXFSZ) // so that writing fails instead
		limit := unix.Rlimit{Cur: order.FileLimit, Max: order.FileLimit}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
	}
	o := nightOptions(order.Data, order.Project)
	o.Threads, o.MemoryLimit = cmp.Or(order.Threads, o.Threads), order.Memory
	if order.Alerts != "" {
		o.Alerts = nightAlerts(order.Alerts)
	}
	o.Publish.To, o.Env = order.PublishTo, func(name string) string { return order.Env[name] }
	fmt.Println("begin")
	points := 0
	o.Crash = func(at string) {
		if points++; points == order.KillAt {
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		}
		if at == order.HoldAt {
			fmt.Println(at)
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	}
	if order.Rollback {
		if _, err := Rollback(context.Background(), o, "", "test", "proef"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	if order.Approve != "" {
		if err := Approve(context.Background(), o, order.Approve, "test", "proef"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if order.Rewrite != "" {
		if err := nightRewrite(context.Background(), o, order.Rewrite); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	result, err := Run(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(result.Outcome)
	return 0
}

func nightOptions(data, project string) Options {
	return Options{
		Scope: intake.Scope{ProjectDir: project, Dir: datadir.Dir{
			Path: data, Threads: 2, Log: zerolog.Nop(), Now: func() time.Time { return nightClock },
			Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		}},
		Publish: publish.Settings{Intern: true},
	}
}

// nightCommand runs an order in a process of its own.
func nightCommand(ctx context.Context, order nightOrder) *exec.Cmd {
	text, err := json.Marshal(order)
	if err != nil {
		panic(err)
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), "INBEELD_NIGHT="+string(text))
	return cmd
}

// nightFiles is a part of testdata/night.txtar by its path.
func nightFiles(t testing.TB) map[string]string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "night.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// nightProject writes the project of the nights to a folder of its own, with other files over it.
func nightProject(t testing.TB, over map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := nightFiles(t)
	maps.Copy(files, over)
	for name, text := range files {
		if rel, ok := strings.CutPrefix(name, "project/"); ok {
			nightWrite(t, filepath.Join(dir, rel), text)
		}
	}
	return dir
}

func nightWrite(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A night is a data directory that runs may be done on.
type nightCase struct{ data, project string }

// newNight makes an empty one with the key of all nights.
func newNight(t testing.TB, project string) nightCase {
	t.Helper()
	n := nightCase{data: filepath.Join(t.TempDir(), "data"), project: project}
	n.create(t)
	return n
}

func (n nightCase) create(t testing.TB) {
	t.Helper()
	p, faults, err := project.Load(n.project)
	if err := errors.Join(err, faults.Err()); err != nil {
		t.Fatal(err)
	}
	if err := intake.Create(n.data, p); err != nil {
		t.Fatal(err)
	}
	nightWrite(t, filepath.Join(n.data, "secrets", "pseudonym.key"), nightKey)
}

// deliver puts a file in the inbox, last written minutes after the clock of the nights began.
func (n nightCase) deliver(t testing.TB, source, name, text string, minutes int) {
	t.Helper()
	path := filepath.Join(n.data, "inbox", source, name)
	nightWrite(t, path, text)
	at := nightClock.Add(time.Duration(minutes-600) * time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// first delivers two quarters of both sources, second what comes the night after: a correction, the
// next quarter, and a file that is refused.
func (n nightCase) first(t testing.TB) {
	t.Helper()
	files := nightFiles(t)
	for i, name := range []string{"personen_20200930.csv", "banen_20200930.csv", "personen_20201231.csv", "banen_20201231.csv"} {
		source, _, _ := strings.Cut(name, "_")
		n.deliver(t, source, name, files["first/"+name], i)
	}
}

func (n nightCase) second(t testing.TB) {
	t.Helper()
	files := nightFiles(t)
	for i, name := range []string{"personen_20200930_correctie.csv", "personen_20210331.csv", "banen_20210331.csv", "banen_20210630.csv"} {
		source, _, _ := strings.Cut(name, "_")
		n.deliver(t, source, name, files["second/"+name], 100+i)
	}
}

// run does a run that must succeed.
func (n nightCase) run(t testing.TB) *Result {
	t.Helper()
	result, err := Run(t.Context(), nightOptions(n.data, n.project))
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return result
}

// approved is how a run ends once a person has approved what it holds.
func approved(t testing.TB, o Options, result *Result) *Result {
	t.Helper()
	if result.Outcome != mart.Waiting {
		return result
	}
	if err := Approve(t.Context(), o, result.Run.ID, "test", "proef"); err != nil {
		t.Fatal(err)
	}
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// publishes does a run that must publish.
func (n nightCase) publishes(t testing.TB) *Result {
	t.Helper()
	result := n.run(t)
	if result.Outcome != mart.Published {
		t.Fatalf("outcome %s, not published: %v", result.Outcome, result.Blocks)
	}
	return result
}

// copy is the same night elsewhere; the times of files are kept.
func (n nightCase) copy(t testing.TB) nightCase {
	t.Helper()
	other := nightCase{data: filepath.Join(t.TempDir(), "data"), project: n.project}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", n.data, other.data).CombinedOutput(); err != nil {
		t.Fatalf("copy: %v\n%s", err, out)
	}
	return other
}

func (n nightCase) path(elements ...string) string {
	return filepath.Join(append([]string{n.data}, elements...)...)
}

// remove removes parts of the data directory and makes their empty folders again.
func (n nightCase) remove(t testing.TB, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err := os.RemoveAll(n.path(part)); err != nil {
			t.Fatal(err)
		}
	}
	n.create(t)
}

// published is the sha256 of everything that is published, by path, of the manifest without the name
// of the run; empty when nothing was published. It fails when a file is not what the manifest says,
// or is not in it.
func (n nightCase) published(t testing.TB) map[string]string {
	t.Helper()
	hashes, err := nightPublished(n.data)
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

func nightPublished(data string) (map[string]string, error) {
	store := mart.Store{Dir: filepath.Join(data, "marts")}
	version, m, err := store.Current()
	if err != nil {
		return nil, err
	}
	hashes := map[string]string{}
	if version == "" {
		if _, err := os.Lstat(filepath.Join(store.Dir, "current")); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("current: %w", err)
		}
		return hashes, nil
	}
	want := map[string]string{}
	for _, f := range m.Files {
		want[f.Path] = f.SHA256
	}
	dir := filepath.Join(store.Dir, "versions", version)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "manifest.json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		hashes[rel] = hex.EncodeToString(sum[:])
		if rel != "datapackage.json" && hashes[rel] != want[rel] {
			return fmt.Errorf("%s has sha256 %s, the manifest says %q", path, hashes[rel], want[rel])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(hashes) != len(want)+1 {
		return nil, fmt.Errorf("version %s has %d files, its manifest %d and the data package", version, len(hashes), len(want))
	}
	m.Run = "" // all else in the manifest follows from the deliveries and the clock
	text, err := json.Marshal(m)
	sum := sha256.Sum256(text)
	hashes["manifest.json"] = hex.EncodeToString(sum[:])
	return hashes, err
}

// nightRemains finds what a run should have taken away: files in inbox and work, temporary files.
func nightRemains(data string) ([]string, error) {
	var remains []string
	err := filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(data, path)
		if err != nil {
			return err
		}
		top, _, below := strings.Cut(rel, string(filepath.Separator))
		name := e.Name()
		switch {
		case rel == "." || rel == ".lock":
		case top == "work" && below, top == "inbox" && !e.IsDir(),
			strings.HasPrefix(name, "."), strings.HasPrefix(name, "tmp_"), strings.Contains(name, ".tmp"), strings.HasSuffix(name, ".wal"):
			remains = append(remains, rel)
		}
		return nil
	})
	return remains, err
}

// nightWarehouse compares the tables of the warehouse with what is published.
func nightWarehouse(ctx context.Context, data string) (err error) {
	store := mart.Store{Dir: filepath.Join(data, "marts")}
	version, m, err := store.Current()
	if err != nil {
		return err
	}
	db, session, err := nightSession(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close(), db.Close()) }()
	if err := session.Exec(ctx, "attach "+quote.Literal(filepath.Join(data, "warehouse.duckdb"))+" as warehouse (read_only)"); err != nil {
		return err
	}
	for _, f := range m.Files {
		table := "(from warehouse." + quote.Table("marts", f.Mart) + ")"
		file := "(from read_parquet(" + quote.Literal(filepath.Join(store.Dir, "versions", version, f.Path)) + "))"
		row, err := session.Row(ctx, "select (select count(*) from ("+table+" except all "+file+"))::varchar, (select count(*) from ("+file+" except all "+table+"))::varchar")
		if err != nil {
			return err
		}
		if *row[0] != "0" || *row[1] != "0" {
			return fmt.Errorf("%s: %s rows only in the warehouse, %s only in the file", f.Mart, *row[0], *row[1])
		}
	}
	return nil
}

// nightOpens tells, by an error, why a database cannot be opened and read.
func nightOpens(ctx context.Context, path string) (err error) {
	db, session, err := nightSession(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close(), db.Close()) }()
	return session.Exec(ctx, "attach "+quote.Literal(path)+" as warehouse (read_only); select count(*) from warehouse.marts.leveringen")
}

func nightSession(ctx context.Context) (*duck.Instance, *duck.Session, error) {
	db, err := duck.Open(ctx, duck.Settings{Threads: 1})
	if err != nil {
		return nil, nil, err
	}
	session, err := db.Session(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, session, nil
}

// rows runs a query over the published marts; NULL is "NULL" and columns are joined by |.
func (n nightCase) rows(t testing.TB, query string) []string {
	t.Helper()
	rows, err := inspect.QueryMarts(t.Context(), n.data, query)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows {
		var cells []string
		for _, c := range r {
			if c == nil {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, *c)
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return lines
}

// deliveries are the statuses of all deliveries as published, by file name.
func (n nightCase) deliveries(t testing.TB) []string {
	t.Helper()
	return n.rows(t, "select bestand, status from marts.leveringen order by all")
}

// withdraw takes a delivery out of force.
func (n nightCase) withdraw(t testing.TB, source, id string) {
	t.Helper()
	deliveries, err := delivery.ReadDeliveries(n.data)
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := delivery.ReadDecisions(n.data)
	if err != nil {
		t.Fatal(err)
	}
	err = delivery.WriteDecision(n.data, delivery.Decision{
		Sequence: delivery.NextSequence(deliveries, decisions), Kind: delivery.Withdraw, Source: source, Delivery: id,
		Who: "de beheerder", Reason: "verkeerd bestand", At: nightClock,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// delivery is the delivery that arrived under a file name.
func (n nightCase) delivery(t testing.TB, file string) delivery.Delivery {
	t.Helper()
	deliveries, err := delivery.ReadDeliveries(n.data)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(deliveries, func(d delivery.Delivery) bool {
		return slices.ContainsFunc(d.Receipts, func(r delivery.Receipt) bool { return r.File == file })
	})
	if i < 0 {
		t.Fatalf("no delivery arrived as %s", file)
	}
	return deliveries[i]
}

// nightKilled tells whether a process was killed.
func nightKilled(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// nightTree is the sha256 of every file below dir.
func nightTree(t testing.TB, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		sum := sha256.Sum256(text)
		tree[rel] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// siteOf is the site of a command that is no run; the options of tests name groups that exist.
func siteOf(o Options) *publish.Site {
	site, err := o.Site()
	if err != nil {
		panic(err)
	}
	return site
}
