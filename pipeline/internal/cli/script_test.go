package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/ledger"
)

var updateScripts = flag.Bool("update-scripts", false, "write what was printed into testdata/script where it is compared whole; read it before you commit")

// TestMain makes this binary the programs that the scripts call: inbeeld itself, and three that do
// what others do while it runs.
func TestMain(m *testing.M) {
	programMain()
	testscript.Main(m, map[string]func(){
		"inbeeld": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		// marts DATA SELECT prints the rows of a query over the published marts.
		"marts": printMarts,
		// hold FILE keeps the lock of a run until it is interrupted.
		"hold": holdLock,
		// grow FILE goes on writing to a file until it is interrupted.
		"grow": growFile,
	})
}

// TestScripts: each script is a story of somebody at the command line.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		UpdateScripts:       *updateScripts,
		Setup: func(env *testscript.Env) error {
			library, err := filepath.Abs("../../testdata/foreign/bibliotheek")
			if err != nil {
				return err
			}
			env.Setenv("BIBLIOTHEEK", library)
			nights, err := filepath.Abs("../../testdata/night.txtar")
			env.Setenv("NIGHTS", nights)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": scriptCode, "await": scriptAwait, "interrupt": scriptInterrupt, "shoot": scriptShoot,
			"json": scriptJSON, "noprofile": scriptNoProfile, "nights": scriptNights,
		},
	})
}

// scriptCode runs a program that must end with an exit code: code 3 inbeeld run.
func scriptCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	ts.Logf("[stdout]\n%s[stderr]\n%s", ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// scriptAwait waits until there is a file that a pattern fits.
func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(await(ts.MkAbs(args[0])))
}

func await(pattern string) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if found, err := filepath.Glob(pattern); err != nil || len(found) > 0 {
			return err
		}
		<-time.After(time.Millisecond)
	}
	return fmt.Errorf("there is no %s after a minute", pattern)
}

// scriptInterrupt starts a program, interrupts it once there is a file, and holds its exit code
// against one: interrupt 130 data/runs/* inbeeld run.
func scriptInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[2]))
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...) //nolint:noctx // the script ends it
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &out, &out
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	ts.Check(cmd.Start())
	err = await(ts.MkAbs(args[1]))
	ts.Check(errors.Join(err, cmd.Process.Signal(os.Interrupt)))
	_ = cmd.Wait()
	ts.Logf("%s", out.String())
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs("interrupted.txt"), out.Bytes(), 0o600))
}

// scriptShoot starts a program that reads a file, and kills it once there is a file that it makes, or
// lets it end when it was faster: shoot data/secrets/rewrite.json bsn.txt inbeeld persoon wis.
func scriptShoot(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[2]))
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...) //nolint:noctx // the script ends it
	cmd.Dir, cmd.Stdin = ts.MkAbs("."), strings.NewReader(ts.ReadFile(args[1]))
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "USER", "INBEELD_PROJECT"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	for {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			_ = cmd.Process.Kill()
			<-ended
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// scriptJSON holds that a file is one JSON value, or with -lines that each line is one.
func scriptJSON(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[len(args)-1])
	values := []string{text}
	if args[0] == "-lines" {
		values = strings.Split(strings.TrimSpace(text), "\n")
	}
	for _, v := range values {
		if !json.Valid([]byte(v)) {
			ts.Fatalf("this is not JSON: %q", v)
		}
	}
}

// scriptNights writes the small project with persons, and its deliveries, into a folder: nights DIR.
func scriptNights(ts *testscript.TestScript, _ bool, args []string) {
	archive, err := txtar.ParseFile(ts.Getenv("NIGHTS"))
	ts.Check(err)
	for _, f := range archive.Files {
		path := filepath.Join(ts.MkAbs(args[0]), filepath.FromSlash(f.Name))
		ts.Check(errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, f.Data, 0o600)))
	}
}

// scriptNoProfile takes the klantprofiel from the first client of gemeente Hilversum that has one.
func scriptNoProfile(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(ts.ReadFile(args[0]), "\n")
	column := map[string]int{}
	for i, line := range lines {
		fields := strings.Split(strings.TrimRight(line, "\r"), ";")
		if len(column) == 0 {
			for c, name := range fields {
				if fields[0] == "Burgerservicenr" {
					column[strings.TrimSpace(name)] = c
				}
			}
			continue
		}
		profile := column["IndKlantprofiel"]
		if len(fields) == len(column) && fields[column["NaamGemeente"]] == "Hilversum" && fields[column["KlantVan"]] == "GEMEENTE" && fields[profile] == "J" {
			fields[profile] = "N"
			lines[i] = strings.Join(fields, ";")
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "\n")), 0o600))
			return
		}
	}
	ts.Fatalf("no client of gemeente Hilversum with a profile in %s: %v", args[0], column)
}

func printMarts() {
	rows, err := inspect.QueryMarts(contextOfSignals(), os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			if cells[i] = "NULL"; c != nil {
				cells[i] = *c
			}
		}
		fmt.Println(strings.Join(cells, ";"))
	}
	os.Exit(0)
}

// contextOfSignals ends when the program is interrupted.
func contextOfSignals() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt)
	return ctx
}

func holdLock() {
	ctx := contextOfSignals()
	release, err := ledger.Lock(os.Args[1], ledger.Holder{PID: os.Getpid(), Host: "nachtserver", What: "inbeeld run", Since: time.Now()})
	if err == nil {
		err = os.WriteFile(os.Args[1]+".held", nil, 0o600)
		<-ctx.Done()
		err = errors.Join(err, release())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func growFile() {
	ctx := contextOfSignals()
	f, err := os.OpenFile(os.Args[1], os.O_APPEND|os.O_WRONLY, 0)
	for err == nil && ctx.Err() == nil {
		_, err = f.WriteString("x")
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestHelpOfEveryCommand: each command says what it does, with an example that begins with itself.
func TestHelpOfEveryCommand(t *testing.T) {
	t.Parallel()
	a := &app{env: func(string) string { return "" }, now: time.Now}
	n := 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			look(sub)
		}
		n++
		if cmd.Short == "" {
			t.Errorf("%s: no description", cmd.CommandPath())
		}
		if cmd.HasSubCommands() && cmd.HasParent() {
			return
		}
		if !strings.HasPrefix(cmd.Example, "  "+cmd.CommandPath()) {
			t.Errorf("%s: the example is %q", cmd.CommandPath(), cmd.Example)
		}
	}
	look(a.root())
	if n < 9 {
		t.Errorf("%d commands were looked at", n)
	}
}
