package dashboard

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics has the metrics for Prometheus. Counters start at zero with the service; everything else is
// read on each scrape.
type Metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics returns the metrics of a service.
func NewMetrics(src Source) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "inbeeld_runs_total", Help: "Attempts at runs that ended since the service began.",
		}, []string{"schedule", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "inbeeld_run_duration_seconds", Help: "How long attempts took.",
			Buckets: []float64{.1, 1, 10, 60, 300, 900, 3600, 7200},
		}, []string{"schedule"}),
	}
	m.registry.MustRegister(m.runs, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), reader{src})
	return m
}

// Ended counts an attempt that took so many seconds.
func (m *Metrics) Ended(schedule, outcome string, seconds float64) {
	m.runs.WithLabelValues(schedule, outcome).Inc()
	m.seconds.WithLabelValues(schedule).Observe(seconds)
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("inbeeld_"+name, help, labels, nil)
}

var (
	stageSeconds   = gauge("last_run_stage_seconds", "How long each stage took in the last run that got that far.", "stage")
	stageCounts    = gauge("last_run_count", "What the stages of the last run counted.", "stage", "what")
	records        = gauge("last_run_records", "Records of the deliveries that the last run loaded.", "source", "what")
	findingsBy     = gauge("findings", "Open findings of the last run that judged.", "severity")
	martsPublished = gauge("marts_published_timestamp_seconds", "When the marts were published.")
	martsAge       = gauge("marts_age_seconds", "How long ago the marts were published.")
	martsBytes     = gauge("marts_bytes", "Size of the published files.")
	deliveriesLate = gauge("deliveries_late", "Sources that are late, or were never delivered.")
	nextWindow     = gauge("next_window_timestamp_seconds", "When a schedule is due next.", "schedule")
	canRun         = gauge("ready", "1 when nothing keeps the service from its work.")
	lastOutcome    = gauge("last_run_outcome", "1 for the outcome of the last run.", "outcome")
)

// reader collects metrics from the ledger and the marts on each scrape.
type reader struct{ Source }

// Describe implements prometheus.Collector.
func (r reader) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{stageSeconds, stageCounts, records, findingsBy, martsPublished, martsAge, martsBytes, deliveriesLate, nextWindow, canRun, lastOutcome} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (r reader) Collect(ch chan<- prometheus.Metric) {
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if err := r.collect(set); err != nil {
		ch <- prometheus.NewInvalidMetric(martsAge, err)
	}
}

func (r reader) collect(set func(d *prometheus.Desc, v float64, labels ...string)) error {
	isReady := 1.0
	if len(r.Service().Faults) > 0 {
		isReady = 0
	}
	set(canRun, isReady)
	next := map[string]bool{}
	for _, w := range r.Windows(maxWindows) {
		if !next[w.Schedule] {
			set(nextWindow, float64(w.At.Unix()), w.Schedule)
			next[w.Schedule] = true
		}
	}
	m, err := r.Marts()
	if err != nil {
		return err
	}
	if m != nil {
		var bytes int64
		for _, f := range m.Files {
			bytes += f.Size
		}
		set(martsPublished, float64(m.Published.Unix()))
		set(martsAge, r.Now().Sub(m.Published).Seconds())
		set(martsBytes, float64(bytes))
	}
	list, err := r.Deliveries()
	if err != nil {
		return err
	}
	late := 0
	for _, d := range list {
		if d.State == "late" || d.State == "never" {
			late++
		}
	}
	set(deliveriesLate, float64(late))
	return r.collectRun(set)
}

// collectRun sets the metrics of findings, and of the last run that reached a stage.
func (r reader) collectRun(set func(d *prometheus.Desc, v float64, labels ...string)) error {
	all, err := (&site{Source: r.Source}).lastFindings()
	if err != nil {
		return err
	}
	by := map[string]int{}
	for _, f := range all.Findings {
		if f.State != opgelost {
			by[f.Ernst]++
		}
	}
	for _, s := range severities {
		if s != "ok" {
			set(findingsBy, float64(by[s]), s)
		}
	}
	runs, _, err := r.Runs()
	if err != nil {
		return err
	}
	for _, brief := range runs {
		if brief.Outcome == "" || len(brief.Stages) == 0 {
			continue
		}
		run, err := r.Run(brief.ID)
		if err != nil {
			return err
		}
		set(lastOutcome, 1, run.Outcome)
		for _, s := range run.Stages {
			set(stageSeconds, s.Seconds, s.Name)
			for what, n := range s.Counts {
				set(stageCounts, float64(n), s.Name, what)
			}
		}
		sums := map[string][4]int64{}
		for _, d := range run.Loaded {
			n := sums[d.Source]
			sums[d.Source] = [4]int64{n[0] + d.Records, n[1] + d.Geladen, n[2] + d.InQuarantaine, n[3] + d.NietData}
		}
		for source, n := range sums {
			for i, what := range []string{"records", "loaded", "quarantined", "not_data"} {
				set(records, float64(n[i]), source, what)
			}
		}
		return nil
	}
	return nil
}
