package dashboard

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

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
