package pipeline

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
)

// TestPlaces: one source comes from an HTTPS server with a secret, another from a host that is not
// there. The first is published, the second is named, and costs nobody else the night.
func TestPlaces(t *testing.T) {
	t.Parallel()
	fetched := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer geheim" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodGet {
			fetched++
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC), strings.NewReader("Exemplaar;Vestiging;UitgeleendOp;Boete\n1;C;2024-01-02;1,50\n"))
	}))
	t.Cleanup(server.Close)
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()

	proj, data := t.TempDir(), t.TempDir()
	if err := os.CopyFS(proj, os.DirFS(bibliotheek)); err != nil {
		t.Fatal(err)
	}
	contract := filepath.Join(proj, "sources", "uitleningen.yaml")
	text, err := os.ReadFile(contract)
	if err != nil {
		t.Fatal(err)
	}
	nightWrite(t, contract, strings.Replace(string(text), "from: {dir: inbox/uitleningen}",
		"from: {https: '"+server.URL+"/uitleningen_20240131.csv', token: 'env:TOKEN', ca: 'file:secrets/ca.pem'}", 1))
	nightWrite(t, filepath.Join(proj, "sources", "kranten.yaml"), `description: Kranten
supplier: Bibliotheeksysteem
owner: beheer
optional: true
from: {https: 'https://`+closed.Addr().String()+`/kranten_20240131.csv'}
match: 'kranten_(?P<peildatum>\d{8})\.csv'
key: [krant]
columns:
  - {name: Krant, as: krant, type: text, required: true}
`)
	p, faults, err := project.Load(proj)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	if err := intake.Create(data, p); err != nil {
		t.Fatal(err)
	}
	nightWrite(t, filepath.Join(data, "secrets", "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	o := nightOptions(data, proj)
	o.Env = func(name string) string { return map[string]string{"TOKEN": "geheim"}[name] }
	refused := "https://" + closed.Addr().String() + "/kranten_20240131.csv: request: dial tcp " + closed.Addr().String() + ": connect: connection refused (tried 4 times)"
	for i, want := range []mart.Outcome{mart.Published, mart.NothingToDo} {
		res, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if res.Outcome != want || !slices.Contains(res.Run.Notes, refused) || fetched != 1 {
			t.Errorf("run %d: %s, fetched %d times, notes %q", i, res.Outcome, fetched, res.Run.Notes)
		}
		status, err := mart.Store{Dir: filepath.Join(data, "marts")}.ReadStatus()
		if err != nil || len(status.Missed) != 1 || status.Missed[0].Source != "kranten" || status.Missed[0].Place+": "+status.Missed[0].Why != refused {
			t.Errorf("run %d: %+v, %v", i, status, err)
		}
	}
}
