package dashboard

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

//go:embed static
var static embed.FS

// Handler returns the handler of the pages, the API, health and metrics, for those with access.
func Handler(src Source, access Access, m *Metrics) (http.Handler, error) {
	pages, err := parsePages(src.Zone)
	if err != nil {
		return nil, err
	}
	s := &site{Source: src, pages: pages}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page("overzicht", s.overview))
	mux.HandleFunc("GET /leveringen", s.page("leveringen", s.deliveries))
	mux.HandleFunc("GET /bevindingen", s.page("bevindingen", s.findings))
	mux.HandleFunc("GET /cijfers", s.page("cijfers", s.marts))
	mux.HandleFunc("GET /runs", s.page("runs", s.runs))
	mux.HandleFunc("GET /runs/{run}", s.page("run", s.run))
	mux.HandleFunc("GET /api/v1/status", s.api(s.apiStatus))
	mux.HandleFunc("GET /api/v1/runs", s.api(s.apiRuns))
	mux.HandleFunc("GET /api/v1/runs/{run}", s.api(s.apiRun))
	mux.HandleFunc("GET /api/v1/windows", s.api(func(*http.Request) (any, error) { return s.Windows(maxWindows), nil }))
	mux.HandleFunc("GET /api/v1/deliveries", s.api(func(*http.Request) (any, error) { return s.Deliveries() }))
	mux.HandleFunc("GET /api/v1/findings", s.api(func(*http.Request) (any, error) { return s.lastFindings() }))
	mux.HandleFunc("GET /api/v1/marts", s.api(s.apiMarts))
	mux.HandleFunc("GET /api/v1/events", s.api(func(*http.Request) (any, error) { return s.Events() }))
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", m.handler())
	mux.Handle("GET /static/", http.FileServerFS(static))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { s.fail(w, fs.ErrNotExist) })
	return access.guard(mux), nil
}

type site struct {
	Source
	pages templates
}

// page returns a handler that renders the named template with its view.
func (s *site) page(name string, view func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := view(r)
		if err != nil {
			s.fail(w, err)
			return
		}
		s.render(w, http.StatusOK, name, v)
	}
}

func (s *site) render(w http.ResponseWriter, code int, name string, v any) {
	var text bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&text, "layout", map[string]any{"Page": name, "View": v}); err != nil {
		http.Error(w, "cannot render the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(text.Bytes()) // the client may have disconnected
}

// fail renders the error page.
func (s *site) fail(w http.ResponseWriter, err error) {
	code, v := http.StatusInternalServerError, failure{Text: err.Error()}
	if errors.Is(err, fs.ErrNotExist) {
		code, v = http.StatusNotFound, failure{Missing: true}
	}
	s.render(w, code, "fout", v)
}

// A failure is the view of the error page. Missing means that the page does not exist.
type failure struct {
	Missing bool
	Text    string
}

// health answers 503 if the service has stopped ticking.
func (s *site) health(w http.ResponseWriter, _ *http.Request) {
	if since := s.Now().Sub(s.Service().Ticked); since > maxTickAge {
		http.Error(w, "the service has not checked its schedules for "+since.Round(time.Second).String(), http.StatusServiceUnavailable)
		return
	}
	writeText(w, "ok")
}

// ready answers 503 with the reasons if the next window cannot run.
func (s *site) ready(w http.ResponseWriter, _ *http.Request) {
	if faults := s.Service().Faults; len(faults) > 0 {
		http.Error(w, strings.Join(faults, "\n"), http.StatusServiceUnavailable)
		return
	}
	writeText(w, "ready")
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text + "\n"))
}

// api returns a handler that writes a view as JSON, or a JSON object with an error.
func (s *site) api(view func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := view(r)
		code := http.StatusOK
		switch {
		case errors.Is(err, fs.ErrNotExist):
			code, v = http.StatusNotFound, map[string]string{"error": "not found"}
		case err != nil:
			code, v = http.StatusInternalServerError, map[string]string{"error": err.Error()}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		_ = enc.Encode(v) // the client may have disconnected
	}
}

func (s *site) apiStatus(*http.Request) (any, error) {
	st, err := s.Status()
	return struct {
		Status  *mart.Status `json:"status"`
		Service Service      `json:"service"`
	}{st, s.Service()}, err
}

func (s *site) apiRuns(*http.Request) (any, error) {
	all, damaged, err := s.Runs()
	runs := make([]ledger.Run, len(all))
	for i, r := range all {
		runs[i] = *r
		runs[i].Findings = nil // each run has its own page
	}
	return struct {
		Runs    []ledger.Run `json:"runs"`
		Damaged []string     `json:"damaged,omitempty"`
	}{runs, damaged}, err
}

func (s *site) apiRun(r *http.Request) (any, error) {
	run, err := s.Run(r.PathValue("run"))
	if err != nil {
		return nil, err
	}
	run.Findings = shown(run.Findings)
	return run, nil
}

// publishedMart describes one published file.
type publishedMart struct {
	Mart        string    `json:"mart"`
	Description string    `json:"description"`
	Rows        int64     `json:"rows"`
	Bytes       int64     `json:"bytes"`
	Intern      bool      `json:"intern"`
	Published   time.Time `json:"published"`
	AgeSeconds  int64     `json:"age_seconds"`
}

func (s *site) apiMarts(*http.Request) (any, error) {
	list := []publishedMart{}
	m, err := s.Marts()
	if err != nil || m == nil {
		return list, err
	}
	for _, f := range m.Files {
		list = append(list, publishedMart{f.Mart, f.Description, f.Rows, f.Size, f.Intern, m.Published, int64(s.Now().Sub(m.Published).Seconds())})
	}
	return list, nil
}
