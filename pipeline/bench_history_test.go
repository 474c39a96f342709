package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/mart"
)

// Sizes of the benchmarks, each by an environment variable of the name.
const (
	benchDays    = "10,100,1000,3650" // INBEELD_BENCH_DAYS: deliveries before the night that is measured
	benchMembers = 200                // INBEELD_BENCH_MEMBERS: rows of a daily delivery
)

// benchSize is the number that an environment variable gives, or the usual one.
func benchSize(b *testing.B, name string, usual int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return n
}

// median is the middle of durations in milliseconds.
func median(times []float64) float64 {
	slices.Sort(times)
	return times[len(times)/2]
}

// A daily is a history to which members are delivered every day.
type daily struct {
	*history
	day  time.Time
	bsns []string
}

func newDaily(b *testing.B) *daily {
	b.Helper()
	d := &daily{history: newHistory(b, historyProject, rand.New(rand.NewPCG(1, 2))), day: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)}
	members := benchSize(b, "INBEELD_BENCH_MEMBERS", benchMembers)
	for n := 900000000; len(d.bsns) < members; n++ {
		if bsn := strconv.Itoa(n); refElfproef(bsn) {
			d.bsns = append(d.bsns, bsn)
		}
	}
	return d
}

// next delivers the next day: a few members come and go.
func (d *daily) next(b *testing.B) {
	b.Helper()
	var text strings.Builder
	text.WriteString("Burgerservicenr;Wijk;Soort;Sinds\n")
	for i, bsn := range d.bsns {
		if d.rnd.IntN(100) > 0 {
			fmt.Fprintf(&text, "%s;%s;%s;2009-01-01\n", bsn, []string{"C", "N", "Z"}[i%3], []string{"JAAR", "LOS"}[i%2])
		}
	}
	d.minutes++
	d.deliver(b, "leden", "leden_"+d.day.Format("20060102")+".csv", text.String(), d.minutes)
	d.day = d.day.AddDate(0, 0, 1)
}

// runs does a run that must publish.
func (d *daily) runs(b *testing.B) *Result {
	b.Helper()
	o := nightOptions(d.data, d.project)
	o.Publish.Intern = false
	result, err := Run(b.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		b.Fatalf("%+v, %v", result, err)
	}
	return result
}

// benchBinary builds the program.
func benchBinary(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "inbeeld")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "./cmd/inbeeld").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// noNews is the median time, in milliseconds, of runs of the program that find nothing to do.
func noNews(ctx context.Context, b *testing.B, binary, data, project string) float64 {
	b.Helper()
	var times []float64
	for range 11 {
		began := time.Now()
		out, err := exec.CommandContext(ctx, binary, "run", "--data", data, "--project", project).CombinedOutput()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
	}
	return median(times)
}

// BenchmarkHistory is a night with one delivery of some 200 rows, after ever more nights. Metrics are
// milliseconds of the whole night and of its stages, and how it compares with the first size: x-work is
// what a night does by itself, x-night that with the writing of the published rows, of which there are
// more every day. no-news-ms is a run of the program that finds nothing to do.
func BenchmarkHistory(b *testing.B) {
	d, binary := newDaily(b), benchBinary(b)
	var firstWork, firstNight float64
	for i, size := range strings.Split(cmp.Or(os.Getenv("INBEELD_BENCH_DAYS"), benchDays), ",") {
		days, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size, func(b *testing.B) {
			news := d.minutes < days
			for d.minutes < days {
				d.next(b)
			}
			if news {
				d.runs(b)
			}
			stages := map[string][]float64{}
			var work, night []float64
			b.ResetTimer()
			for range b.N {
				d.next(b)
				began := time.Now()
				result := d.runs(b)
				night = append(night, float64(time.Since(began).Microseconds())/1000)
				sum := 0.0
				for _, s := range result.Run.Stages {
					stages[s.Name] = append(stages[s.Name], s.Seconds*1000)
					if s.Name != "audit" && s.Name != "publish" {
						sum += s.Seconds * 1000
					}
				}
				work = append(work, sum)
			}
			b.StopTimer()
			for name, times := range stages {
				b.ReportMetric(median(times), name+"-ms")
			}
			w, n := median(work), median(night)
			if i == 0 {
				firstWork, firstNight = w, n
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(n, "night-ms")
			b.ReportMetric(w/firstWork, "x-work")
			b.ReportMetric(n/firstNight, "x-night")
			b.ReportMetric(noNews(b.Context(), b, binary, d.data, d.project), "no-news-ms")
		})
	}
}
