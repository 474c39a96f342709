package dashboard

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"inbeeld/pipeline/internal/mart"
)

var pagePaths = []string{"/", "/leveringen", "/bevindingen", "/cijfers", "/runs", "/runs/20210104T013000Z", "/runs/20210105T013000Z-nachtelijk", "/runs/20210105T010000Z-uur"}

// Each case lists texts that must be on a page, and texts that must not.
func TestPages(t *testing.T) {
	t.Parallel()
	server := serveSource(t, sample(t), Access{Listen: "127.0.0.1:8080"})
	for _, c := range []struct {
		path string
		want []string
	}{
		{"/", []string{"De publicatie wordt tegengehouden sinds 4 januari 2021, 03.00 uur", "waren om 07.00 uur niet vernieuwd", "2 dagen oud", "no space left on device", "6 januari 2021, 02.00 uur", "it never fires", "De cijfers zijn gepind op versie 20210103T013000Z", "Gepind op 4 januari 2021, 13.00 uur door anna, omdat: de aantallen van Huizen"}},
		{"/leveringen", []string{"te laat", "wordt verwacht", "nog nooit geleverd", "kwam vroeg", "zelfde bestand opnieuw", "geweigerd", "16 april 2021"}},
		{"/bevindingen", []string{"minder dan 5 van de 32", "55 van de 240", "Te weinig mensen voor een oordeel (1)", "Opgelost (1)", "&lt;script&gt;", "van een eerdere versie van inbeeld"}},
		{"/cijfers", []string{"transparantie_klantprofielen", "1.715", "84,7 kB", "1,2 MB", "intern", "De cijfers zijn gepind op versie"}},
		{"/runs", []string{"tegengehouden", "mislukt", "overgeslagen", "er liep al een andere run", "wacht", "Het logboekbestand van run 20201231T013000Z is beschadigd"}},
		{"/runs/20210104T013000Z", []string{"65,2 s", "1.720", "meer dan 1% in quarantaine", "niet herkend", "minder dan 5 van de 14", "stage done", ">1.700<", ">20<", ">meer dan 235<", ">minder dan 5<"}},
		{"/runs/20210104T003000Z", []string{"wacht op goedkeuring", "inbeeld approve 20210104T003000Z", "1.384", "63 rijen van de 1384 veranderen (grens 0)", "sql/staging/sonar.sql"}},
		{"/runs/20210105T013000Z-nachtelijk", []string{"wordt opnieuw geprobeerd", "Eerdere pogingen", "killed by the system"}},
	} {
		resp, text := get(t, server, c.path, nil)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %s", c.path, resp.Status)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", c.path, want)
			}
		}
		for _, not := range []string{"<script", "style=", "onclick", "238", "select geheim"} {
			if strings.Contains(text, not) {
				t.Errorf("%s has %q", c.path, not)
			}
		}
		if m := regexp.MustCompile(`(?:src|href)="(https?:|//)[^"]*"`).FindString(text); m != "" {
			t.Errorf("%s asks for something elsewhere: %s", c.path, m)
		}
	}
	if resp, text := get(t, server, "/runs/nergens", nil); resp.StatusCode != http.StatusNotFound || !strings.Contains(text, "Deze pagina bestaat niet") {
		t.Errorf("a run that is not there: %s", resp.Status)
	}
	first := serveSource(t, nothingYet(t), Access{})
	for _, path := range pagePaths[:5] {
		if resp, text := get(t, first, path, nil); resp.StatusCode != http.StatusOK || !strings.Contains(text, "nog geen") && !strings.Contains(text, "nog niets") && !strings.Contains(text, "geen bronnen") {
			t.Errorf("%s on the first day: %s", path, resp.Status)
		}
	}
}

// TestWaiting checks that the first page shows what waits for a person, why, and how to approve it.
func TestWaiting(t *testing.T) {
	t.Parallel()
	src := sample(t)
	src.Status = func() (*mart.Status, error) {
		return &mart.Status{Outcome: mart.Waiting, Run: "r", Blocked: &mart.Block{Since: today, Why: []string{"trechter: 63 rijen veranderen."}, Approve: "20210104T003000Z"}}, nil
	}
	_, text := get(t, serveSource(t, src, Access{}), "/", nil)
	for _, want := range []string{"De publicatie wacht op goedkeuring sinds 5 januari 2021", "trechter: 63 rijen veranderen.", `href="/runs/20210104T003000Z"`, "inbeeld approve 20210104T003000Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("/ lacks %q", want)
		}
	}
	if strings.Contains(text, "wordt tegengehouden") {
		t.Error("/ says that checks withhold it")
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	server := serveSource(t, sample(t), Access{})
	for path, want := range map[string]string{
		"/api/v1/status": `"who": "anna"`, "/api/v1/runs": `"skipped": "overlap"`, "/api/v1/runs/20210104T013000Z": "minder dan 5 van de 32",
		"/api/v1/windows": `"schedule": "nachtelijk"`, "/api/v1/deliveries": `"state": "late"`, "/api/v1/findings": "minder dan 5 van de 14",
		"/api/v1/marts": `"age_seconds": 194400`, "/api/v1/events": "deadline_missed",
	} {
		resp, text := get(t, server, path, nil)
		if resp.StatusCode != http.StatusOK || !json.Valid([]byte(text)) || !strings.Contains(text, want) || strings.Contains(text, "select geheim") || strings.Contains(text, "238 van") {
			t.Errorf("%s: %s %s", path, resp.Status, text)
		}
	}
	if resp, text := get(t, server, "/api/v1/runs/nergens", nil); resp.StatusCode != http.StatusNotFound || !json.Valid([]byte(text)) {
		t.Errorf("%s %s", resp.Status, text)
	}
	_, metrics := get(t, server, "/metrics", nil)
	for _, want := range []string{
		`inbeeld_findings{severity="alarm"} 1`, "inbeeld_deliveries_late 2", "inbeeld_marts_age_seconds 194400", "inbeeld_ready 0",
		`inbeeld_last_run_stage_seconds{stage="load"} 65.2`, `inbeeld_last_run_records{source="sonar",what="quarantined"} 20`, "process_open_fds",
		`inbeeld_next_window_timestamp_seconds{schedule="nachtelijk"} 1.6098948e+09`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		service        Service
		health, readyz int
	}{
		{"well", Service{Ticked: today.Add(-time.Second)}, 200, 200},
		{"stuck", Service{Ticked: today.Add(-time.Hour)}, 503, 200},
		{"cannot write", Service{Ticked: today, Faults: []string{"read-only file system"}}, 200, 503},
	} {
		src := sample(t)
		src.Service = func() Service { return c.service }
		server := serveSource(t, src, Access{})
		health, _ := get(t, server, "/healthz", nil)
		ready, _ := get(t, server, "/readyz", nil)
		if health.StatusCode != c.health || ready.StatusCode != c.readyz {
			t.Errorf("%s: healthz %d, readyz %d", c.name, health.StatusCode, ready.StatusCode)
		}
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("wachtwoord"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	users, err := ParseUsers("users", []byte("# wie mag kijken\nanna:"+string(hash)+"\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		listen string
		users  *Users
		tls    bool
		ok     bool
	}{
		{"127.0.0.1:8080", nil, false, true},
		{"[::1]:8080", nil, false, true},
		{"localhost:8080", nil, false, true},
		{":8080", nil, false, false},
		{"0.0.0.0:8080", users, false, false},
		{"0.0.0.0:8080", nil, true, false},
		{"0.0.0.0:8080", users, true, true},
		{"8080", users, true, false},
	} {
		if err := (Access{Listen: c.listen, Users: c.users, TLS: c.tls}).Check(); (err == nil) != c.ok {
			t.Errorf("%s, users %v, TLS %v: %v", c.listen, c.users != nil, c.tls, err)
		}
	}
	open, closed := serveSource(t, sample(t), Access{}), serveSource(t, sample(t), Access{Users: users})
	for _, c := range []struct {
		name   string
		closed bool
		change func(*http.Request)
		want   int
	}{
		{"open", false, nil, 200},
		{"a name of somebody else", false, func(r *http.Request) { r.Host = "kwaad.example" }, 421},
		{"post", false, func(r *http.Request) { r.Method = http.MethodPost }, 405},
		{"nobody", true, nil, 401},
		{"anna", true, func(r *http.Request) { r.SetBasicAuth("anna", "wachtwoord") }, 200},
		{"anna by another name of the machine", true, func(r *http.Request) { r.Host = "inbeeld.regio.nl"; r.SetBasicAuth("anna", "wachtwoord") }, 200},
		{"a wrong password", true, func(r *http.Request) { r.SetBasicAuth("anna", "Wachtwoord") }, 401},
		{"an unknown name", true, func(r *http.Request) { r.SetBasicAuth("bert", "nobody has this password") }, 401},
		{"no name", true, func(r *http.Request) { r.SetBasicAuth("", "") }, 401},
	} {
		server := open
		if c.closed {
			server = closed
		}
		for _, path := range []string{"/", "/metrics", "/healthz", "/api/v1/runs", "/static/stijl.css"} {
			resp, _ := get(t, server, path, c.change)
			if resp.StatusCode != c.want {
				t.Errorf("%s, %s: %s", c.name, path, resp.Status)
			}
			if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s, %s: Content-Security-Policy %q", c.name, path, csp)
			}
		}
	}
	for _, text := range []string{"", "anna", "anna:wachtwoord", ":" + string(hash), "anna:$2y$10$kort"} {
		if _, err := ParseUsers("users", []byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
