package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/modeltest"
)

// program runs the program with a project folder that holds files.
func program(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if files != nil {
		args = append(args, "--project", dir)
	}
	var out, errs bytes.Buffer
	code = Main(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

const (
	newModel    = "-- description: Nieuw.\n-- grain: [a]\n-- columns:\n--   a: Een.\nselect 1 as a\n"
	failingCase = "-- regel --\nrule: Er is een regel Onbekend.\n-- regel/expect.csv --\ngrondslag;groep\nONBEKEND;Onbekend\n" +
		"-- regel/ref.grondslagen.csv --\ngrondslag;groep\n"
	brokenCase  = "-- regel --\nrule: r\n"
	brokenFault = "1 fault in the project; nothing ran:\nsql/tests/marts.dim_grondslag.txtar:1: case regel has no expectation; add -- regel/expect.csv --\n"
	failure     = `FAIL marts.dim_grondslag/regel (sql/tests/marts.dim_grondslag.txtar:1)
  Er is een regel Onbekend.
       grondslag  groep
    -  ONBEKEND   Onbekend
    +  ONBEKEND   [ONBEKEND]
`
)

func TestTestCommand(t *testing.T) {
	t.Parallel()
	const file, grondslag = "sql/tests/marts.dim_grondslag.txtar", "marts.dim_grondslag"
	for _, tc := range []struct {
		name   string
		files  map[string]string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"passes", nil, []string{grondslag}, 0, "1 passed, 0 failed\n", ""},
		{"fails", map[string]string{file: failingCase}, []string{grondslag}, 1, failure + "0 passed, 1 failed\n", ""},
		{"updates", map[string]string{file: failingCase}, []string{grondslag, "--update"}, 1, failure + "updated " + file + "\n0 passed, 1 failed\n", ""},
		{"without a case", map[string]string{"sql/marts/nieuw.sql": newModel}, []string{"marts.nieuw"}, 1, "FAIL marts.nieuw has no case; add sql/tests/marts.nieuw.txtar\n0 passed, 1 failed\n", ""},
		{"fault in a case", map[string]string{file: brokenCase}, []string{grondslag}, 2, "", brokenFault},
		{"unknown model", nil, []string{"marts.dim_grondslagen"}, 2, "", "inbeeld: there is no model \"marts.dim_grondslagen\"; did you mean \"marts.dim_grondslag\"?\n"},
		{"nowhere to update", nil, []string{grondslag, "--update"}, 2, "", "inbeeld: --update writes in a project folder; add --project DIR\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := program(t, tc.files, append([]string{"test"}, tc.args...)...)
			if code != tc.code || stdout != tc.stdout || stderr != tc.stderr {
				t.Errorf("exit %d, want %d\n%s%s\nwant\n%s%s", code, tc.code, stdout, stderr, tc.stdout, tc.stderr)
			}
		})
	}
}

// A bad case stops neither a run nor anything else but test and validate, which names it.
func TestValidateNamesFaultsInCases(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := program(t, map[string]string{"sql/tests/marts.dim_grondslag.txtar": brokenCase}, "validate")
	if code != 2 || stdout != "" || stderr != brokenFault {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestTestCommandJSON(t *testing.T) {
	t.Parallel()
	code, stdout, _ := program(t, nil, "test", "marts.dim_*", "--json")
	var report modeltest.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if code != 0 || report.Failed() > 0 || len(report.Results) < 10 {
		t.Errorf("exit %d, %d failed of %d", code, report.Failed(), len(report.Results))
	}
}
