package pipeline

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/alerts"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
)

// TestSecretsResolveAlike: the same relative file: in a contract and in a channel of inbeeld.yaml, for a
// secret and for a certificate, means a file beside the one that names it, or else one in the data
// directory.
func TestSecretsResolveAlike(t *testing.T) {
	t.Parallel()
	for _, inData := range []bool{false, true} {
		posts, fetched := 0, 0
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost && r.Header.Get("X-Inbeeld-Signature") != "":
				posts++
				_, _ = io.Copy(io.Discard, r.Body)
			case r.Header.Get("Authorization") == "Bearer geheim":
				fetched++
				http.ServeContent(w, r, "", time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC), strings.NewReader("Exemplaar;Vestiging;UitgeleendOp;Boete\n1;C;2024-01-02;1,50\n"))
			default:
				w.WriteHeader(http.StatusUnauthorized)
			}
		}))
		t.Cleanup(server.Close)
		proj, data := t.TempDir(), t.TempDir()
		if err := os.CopyFS(proj, os.DirFS(bibliotheek)); err != nil {
			t.Fatal(err)
		}
		contract, config := filepath.Join(proj, "sources", "uitleningen.yaml"), filepath.Join(proj, project.ConfigFile)
		text, err := os.ReadFile(contract)
		if err != nil {
			t.Fatal(err)
		}
		nightWrite(t, contract, strings.Replace(string(text), "from: {dir: inbox/uitleningen}",
			"from: {https: '"+server.URL+"/uitleningen_20240131.csv', token: 'file:geheim', ca: 'file:ca'}", 1))
		if text, err = os.ReadFile(config); err != nil {
			t.Fatal(err)
		}
		nightWrite(t, config, string(text)+"\nalerts:\n  roles: {datateam: [keten]}\n  channels: {keten: {webhook: '"+server.URL+"/keten', secret: 'file:geheim', ca: 'file:ca'}}\n")
		p, faults, err := project.Load(proj)
		if err != nil || len(faults) > 0 {
			t.Fatal(err, faults)
		}
		if err := intake.Create(data, p); err != nil {
			t.Fatal(err)
		}
		folders := []string{filepath.Dir(contract), filepath.Dir(config)}
		if inData {
			folders = []string{data}
		}
		for _, folder := range folders {
			nightWrite(t, filepath.Join(folder, "geheim"), "geheim\n")
			nightWrite(t, filepath.Join(folder, "ca"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
		}
		o := nightOptions(data, proj)
		if res, err := Run(t.Context(), o); err != nil || res.Outcome != mart.Published || fetched == 0 {
			t.Errorf("contract, in the data directory %t: %+v, %v", inData, res, err)
		}
		if _, err := alerts.Test(o.Scope, o.Alerts, "datateam"); err != nil {
			t.Fatal(err)
		}
		if sent, err := alerts.Send(t.Context(), o.Scope, o.Alerts); err != nil || len(sent.Failed) > 0 || posts == 0 {
			t.Errorf("channel, in the data directory %t: %+v, %v", inData, sent, err)
		}
	}
}
