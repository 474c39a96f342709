package pipeline

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/project"
)

// BenchmarkMemory runs a night in a process of its own that takes in a CSV of LOAD_MB megabytes (100
// when it is not set) under a memory limit of 1 GB. It reports how many megabytes the process had at
// its most, and how many of these were over the limit.
func BenchmarkMemory(b *testing.B) {
	megabytes := 100
	if text := os.Getenv("LOAD_MB"); text != "" {
		var err error
		if megabytes, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	proj := b.TempDir()
	nightWrite(b, filepath.Join(proj, "inbeeld.yaml"), "standalone: true\n")
	nightWrite(b, filepath.Join(proj, "sources", "meting.yaml"), "description: Metingen\nsupplier: wij\nowner: wij\nmatch: 'meting_(?P<peildatum>\\d{8})\\.csv'\nkey: [persoon_id]\nlimits: {quarantined: 1%}\ncolumns:\n"+
		"  - {name: Burgerservicenr, as: persoon_id, type: bsn, required: true}\n  - {name: Gemeente, as: gemeente, type: text, required: true}\n  - {name: Dag, as: dag, type: date}\n"+
		"  - {name: Uren, as: uren, type: decimal}\n  - {name: Ja, as: ja, type: janee}\n  - {name: Tekst, as: tekst, type: text}\n")
	nightWrite(b, filepath.Join(proj, "sql", "marts", "metingen.sql"), "-- description: Metingen.\n-- grain: [peildatum, gemeente]\n-- per: peildatum\n-- columns:\n--   peildatum: Dag.\n"+
		"--   gemeente: Gemeente.\n--   personen: Aantal.\n--   uren: Som van de uren.\nselect getvariable('peildatum')::date as peildatum, gemeente, count(*) as personen, sum(uren)::decimal(18, 2) as uren\nfrom raw.meting\ngroup by gemeente\n")
	loaded, faults, err := project.Load(proj)
	if err != nil || len(faults) > 0 {
		b.Fatal(err, faults)
	}
	for b.Loop() {
		b.StopTimer()
		data := b.TempDir()
		if err := intake.Create(data, loaded); err != nil {
			b.Fatal(err)
		}
		if err := writeLarge(filepath.Join(data, "inbox", "meting", "meting_20201231.csv"), int64(megabytes)*1e6); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		cmd := nightCommand(b.Context(), nightOrder{Data: data, Project: proj, Threads: 1, Memory: "1GB"})
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "published") {
			b.Fatalf("%v: %s", err, out)
		}
		most := float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) * 1024 / 1e6
		b.ReportMetric(most, "MB")
		b.ReportMetric(most-1000, "MB-over-limit")
	}
}

// writeLarge writes a delivery of about so many bytes, a record at a time.
func writeLarge(path string, bytes int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // Flush has the fault
	w := bufio.NewWriterSize(file, 1<<20)
	rnd := rand.New(rand.NewPCG(1, 6))
	_, _ = io.WriteString(w, "Burgerservicenr;Gemeente;Dag;Uren;Ja;Tekst\n")
	for person := 900_000_000; bytes > 0; person++ {
		bsn := strconv.Itoa(person)
		if !refElfproef(bsn) {
			continue
		}
		n, _ := fmt.Fprintf(w, "%s;Gemeente %d;%02d-%02d-2019;%d,5;J;%x %s\n", bsn, rnd.IntN(300), 1+rnd.IntN(28), 1+rnd.IntN(12), rnd.IntN(40), rnd.Uint64(), strings.Repeat("tekst ", 12))
		bytes -= int64(n)
	}
	return w.Flush()
}

// A lake file in another order than the delivery is not kept.
func TestInOrder(t *testing.T) {
	t.Parallel()
	s := reading(t)
	for rows, want := range map[string]bool{"(1), (2), (9)": true, "(1), (9), (2)": false, "(1), (1)": false} {
		path := filepath.Join(t.TempDir(), "lake.parquet")
		if err := s.Exec(t.Context(), duck.CopyStatement("select * from (values "+rows+") as t(regel)", path, map[string]string{"of": "test"})); err != nil {
			t.Fatal(err)
		}
		if err := lake.CheckOrder(t.Context(), s, path); (err == nil) != want {
			t.Errorf("%s: %v", rows, err)
		}
	}
}
