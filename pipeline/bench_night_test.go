package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/sql/quote"
)

// BenchmarkNightLarge is a whole first night on one Sonar delivery of INBEELD_BENCH_ROWS records
// (200.000 when it is not set), and the same SQL typed into DuckDB by hand on one connection: its own
// reader and casts, the models, and a sorted COPY of each mart. The second reports how many times as
// long the night took; the night also checks, verifies and writes the warehouse.
func BenchmarkNightLarge(b *testing.B) {
	file := benchmarkFile(benchSize(b, "INBEELD_BENCH_ROWS", 200000))
	project, faults, err := project.Load("")
	if err != nil || len(faults) > 0 {
		b.Fatal(err, faults)
	}
	bound, faults, err := graph.Bind(b.Context(), project)
	if err != nil || len(faults) > 0 {
		b.Fatal(err, faults)
	}
	var night time.Duration
	b.Run("night", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			data := b.TempDir()
			if err := intake.Create(data, project); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(data, "inbox", "sonar", "sonar_20201231.csv"), file, 0o600); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			benchRun(b, Options{Scope: intake.Scope{Dir: datadir.Dir{Path: data}}})
		}
		night = b.Elapsed() / time.Duration(b.N)
	})
	b.Run("by hand", func(b *testing.B) {
		in := filepath.Join(b.TempDir(), "sonar.csv")
		if err := os.WriteFile(in, file, 0o600); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			benchByHand(b, func(s *duck.Session) error {
				if err := s.Exec(b.Context(), "create schema ref; create schema raw; create schema staging; create schema core; create schema marts; set variable peildatum = date '2020-12-31'"); err != nil {
					return err
				}
				if err := graph.FillReference(b.Context(), s, project.References); err != nil {
					return err
				}
				loaded := filepath.Join(b.TempDir(), "loaded.parquet")
				if err := s.Exec(b.Context(), byHand(project.Contract("sonar"), in, loaded)+"; create view raw.sonar as select row_number() over () as regel, * from "+quote.Literal(loaded)); err != nil {
					return err
				}
				return benchModels(b.Context(), s, b.TempDir(), slices.DeleteFunc(slices.Clone(bound.Order), func(n *graph.Query) bool {
					return !n.Constant() && (n.Per != graph.PerPeildatum || !slices.Equal(n.Sources, []string{"sonar"}))
				}))
			})
		}
		b.ReportMetric(float64(night)/float64(b.Elapsed()/time.Duration(b.N)), "night/by-hand")
	})
}

// BenchmarkManyModels is a run of 200 small models in ten rows of twenty, without and with 400
// checks, and the same SELECTs by hand on one connection.
func BenchmarkManyModels(b *testing.B) {
	for _, withChecks := range []bool{false, true} {
		name := "200 models"
		if withChecks {
			name = "200 models 400 checks"
		}
		dir := manyModels(b, withChecks)
		project, faults, err := project.Load(dir)
		if err != nil || len(faults) > 0 {
			b.Fatal(err, faults)
		}
		bound, faults, err := graph.Bind(b.Context(), project)
		if err != nil || len(faults) > 0 {
			b.Fatal(err, faults)
		}
		var run time.Duration
		b.Run(name+"/run", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				data := b.TempDir()
				if err := intake.Create(data, project); err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(data, "inbox", "meting", "meting_20201231.csv"), []byte("Sleutel;Waarde\na;1\nb;2\nc;3\n"), 0o600); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				benchRun(b, Options{Scope: intake.Scope{ProjectDir: dir, Dir: datadir.Dir{Path: data}}})
			}
			run = b.Elapsed() / time.Duration(b.N)
		})
		b.Run(name+"/by hand", func(b *testing.B) {
			for b.Loop() {
				benchByHand(b, func(s *duck.Session) error {
					err := s.Exec(b.Context(), "create schema raw; create schema staging; create schema core; create schema marts; set variable peildatum = date '2020-12-31'; "+
						"create table raw.meting as select * from (values (2::bigint, 'a', 1::bigint), (3, 'b', 2), (4, 'c', 3)) as t(regel, sleutel, waarde)")
					if err != nil {
						return err
					}
					if err := benchModels(b.Context(), s, b.TempDir(), bound.Order); err != nil {
						return err
					}
					for _, r := range bound.Checks {
						if _, err := s.Rows(b.Context(), r.Text); err != nil {
							return err
						}
					}
					return nil
				})
			}
			b.ReportMetric(float64(run)/float64(b.Elapsed()/time.Duration(b.N)), "run/by-hand")
		})
	}
}

// manyModels writes the project of BenchmarkManyModels.
func manyModels(b *testing.B, withChecks bool) string {
	dir := b.TempDir()
	nightWrite(b, filepath.Join(dir, "inbeeld.yaml"), "standalone: true\n")
	nightWrite(b, filepath.Join(dir, "sources", "meting.yaml"), "description: Metingen\nsupplier: wij\nowner: wij\nmatch: 'meting_(?P<peildatum>\\d{8})\\.csv'\nkey: [sleutel]\ncolumns:\n"+
		"  - {name: Sleutel, as: sleutel, type: text, required: true}\n  - {name: Waarde, as: waarde, type: integer}\n")
	for i := range 200 {
		layer, from := "core", fmt.Sprintf("core.m%03d", i-20)
		switch {
		case i < 20:
			layer, from = "staging", "raw.meting"
		case i < 40:
			from = fmt.Sprintf("staging.m%03d", i-20)
		case i >= 180:
			layer = "marts"
		}
		nightWrite(b, filepath.Join(dir, "sql", layer, fmt.Sprintf("m%03d.sql", i)), fmt.Sprintf(
			"-- description: Model %d.\n-- grain: [sleutel]\n-- per: peildatum\n-- columns:\n--   peildatum: Dag.\n--   sleutel: Sleutel.\n--   waarde: Waarde.\n"+
				"select getvariable('peildatum')::date as peildatum, sleutel, waarde + %d as waarde from %s\n", i, i, from))
		if withChecks {
			nightWrite(b, filepath.Join(dir, "checks", fmt.Sprintf("%s.m%03d.yaml", layer, i)),
				"- {check: not_null, column: waarde, severity: alarm, notify: [datateam], explain: '{teller} leeg.'}\n"+
					"- {check: range, column: waarde, min: 0, severity: alarm, notify: [datateam], explain: '{teller} onder nul.'}\n")
		}
	}
	return dir
}

func benchRun(b *testing.B, o Options) {
	o.Now = func() time.Time { return time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC) }
	o.Wait = func(context.Context, time.Duration) error { return nil }
	o.Log = zerolog.Nop()
	res, err := Run(b.Context(), o)
	if err != nil || res.Outcome != mart.Published {
		b.Fatalf("%+v, %v", res, err)
	}
}

// benchByHand opens a database with one thread and gives it to do.
func benchByHand(b *testing.B, do func(*duck.Session) error) {
	db, err := duck.Open(b.Context(), duck.Settings{Threads: 1, MemoryLimit: "2GB"})
	if err != nil {
		b.Fatal(err)
	}
	s, err := db.Session(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(do(s), s.Close(), db.Close()); err != nil {
		b.Fatal(err)
	}
}

// benchModels makes a table of each model, in order, and writes the marts, sorted.
func benchModels(ctx context.Context, s *duck.Session, dir string, models []*graph.Query) error {
	for _, n := range models {
		if err := s.Exec(ctx, "create table "+n.Name+" as "+n.Text); err != nil {
			return err
		}
		if n.Model.Schema == "marts" {
			sorted := "select * from " + n.Name + " order by " + strings.Join(n.Model.Grain, ", ")
			if err := s.Exec(ctx, duck.CopyStatement(sorted, filepath.Join(dir, n.Model.Name+".parquet"), map[string]string{"by": "hand"})); err != nil {
				return err
			}
		}
	}
	return nil
}
