package dashboard

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

var today = time.Date(2021, 1, 5, 8, 0, 0, 0, time.UTC)

func ago(d time.Duration) *time.Time { t := today.Add(-d); return &t }

// sample is a service with every state that a page can show.
func sample(t testing.TB) Source {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	window := today.Add(-6*time.Hour - 30*time.Minute)
	runs := []*ledger.Run{
		{ID: "20210105T020000Z", Started: *ago(time.Hour), Outcome: ""},
		{
			ID: "20210105T013000Z-nachtelijk", Schedule: "nachtelijk", Window: &window, Started: *ago(6 * time.Hour), Finished: ago(5 * time.Hour),
			Outcome: "failed", Failure: "write /srv/inbeeld/work: no space left on device", Again: true,
			Attempts: []ledger.Attempt{{Started: *ago(6 * time.Hour), Finished: *ago(5 * time.Hour), Outcome: "failed", Failure: "it was killed by the system (killed)"}},
		},
		{ID: "20210105T010000Z-uur", Schedule: "uur", Window: &window, Started: *ago(7 * time.Hour), Finished: ago(7 * time.Hour), Outcome: "skipped", Skipped: "overlap"},
		{ID: "20210105T000000Z-uur", Schedule: "uur", Window: &window, Started: *ago(8 * time.Hour), Outcome: "queued"},
		{
			ID: "20210104T013000Z", Started: *ago(30 * time.Hour), Finished: ago(29*time.Hour + 58*time.Minute), Outcome: "blocked",
			Checks: map[string]int{"alarm": 1, "blokkerend": 1}, Stages: []ledger.Stage{{Name: "plan", Seconds: .1, Counts: map[string]int64{"deliveries": 1720}}, {Name: "load", Seconds: 65.2}},
			Loaded: []ledger.Loaded{{Source: "sonar", Delivery: "2020-12-31-0123456789ab", File: "sonar_20201231.csv", Peildatum: "2020-12-31", Status: "geweigerd", Reasons: []string{"meer dan 1% in quarantaine"}, Records: 1722, Geladen: 1700, InQuarantaine: 20, NietData: 2}, {Source: "plaatsingen", Peildatum: "2020-12-31", Status: "aanvaard", Records: 240, Geladen: 238, InQuarantaine: 2}},
			Notes:  []string{"inbox/sonar/notities.docx: niet herkend"},
			Findings: []ledger.Finding{
				{Check: "a", Group: "Hilversum", Ernst: "alarm", Peildatum: "2020-12-31", Since: "2019-03-31", Title: "profieldekking onder 25%", Text: "In Hilversum hebben 55 van de 240 gemeenteklanten in Sonar een klantprofiel. Dat is 22,9%. De grens is 25,0%.", State: "open", Query: "select geheim"},
				{Check: "a", Group: "Weesp", Ernst: "waarschuwing", Peildatum: "2020-12-31", Since: "2020-12-31", Title: "profieldekking onder 25%", Text: "In Weesp hebben minder dan 5 van de 32 gemeenteklanten in Sonar een klantprofiel. Dat is minder dan 15,6%. De grens is 25,0%.", State: "nieuw"},
				{Check: "a", Group: "Eemnes", Ernst: "geen_oordeel", Peildatum: "2020-12-31", Title: "profieldekking", Text: "In Eemnes hebben minder dan 5 van de 14 gemeenteklanten een klantprofiel."},
				{Check: "b", Group: "Blaricum", Ernst: "ok", Peildatum: "2020-12-31", Title: "profieldekking", Text: "In Blaricum hebben 19 van de 26 UWV-klanten een klantprofiel.", State: "opgelost"},
				{Check: "c", Group: "alle", Ernst: "blokkerend", Peildatum: "2020-12-31", Title: "profieldekking", Text: "De totalen tellen niet op. <script>alert(1)</script>", State: "nieuw"},
				{Check: "d", Group: "sonar", Ernst: "info", Peildatum: "2020-12-31", Title: "profieldekking", Text: "Een kolom is nieuw."},
				{Check: "e", Group: "Laren", Ernst: "info", Peildatum: "2020-12-31", Text: "Bij 238 van de 240 personen klopt het."},
			},
		},
		{
			ID: "20210104T003000Z", Started: *ago(31 * time.Hour), Finished: ago(31*time.Hour - time.Minute), Outcome: "waiting", Hold: &ledger.Hold{Digest: "x"},
			Changes: []ledger.Change{{Mart: "trechter", Redefined: true, Causes: []string{"sql/staging/sonar.sql"}, Rows: 1384, Changed: 63, Over: []string{"63 rijen van de 1384 veranderen (grens 0)"}}},
		},
		{ID: "20210103T013000Z", Started: *ago(54 * time.Hour), Finished: ago(54*time.Hour - 4*time.Second), Outcome: "published", Version: "20210103T013000Z"},
		{ID: "20210102T013000Z", Started: *ago(78 * time.Hour), Finished: ago(78*time.Hour - 4*time.Second), Outcome: "nothing_to_do"},
		{ID: "20210101T013000Z", Started: *ago(102 * time.Hour), Finished: ago(102*time.Hour - 4*time.Second), Outcome: "interrupted"},
	}
	manifest := &mart.Manifest{
		Run: "20210103T013000Z", Published: *ago(54 * time.Hour), Peildata: map[string]string{"sonar": "2020-12-31"},
		Files: []mart.File{
			{Mart: "transparantie_klantprofielen", Path: "transparantie_klantprofielen.parquet", Rows: 1715, Size: 84740, Description: "Klanten in Sonar met en zonder profiel."},
			{Mart: "plaatsingen", Path: "intern/plaatsingen.parquet", Rows: 665, Size: 1_200_000, Description: "Plaatsingen.", Intern: true},
		},
	}
	return Source{
		Now: func() time.Time { return today }, Zone: zone,
		Status: func() (*mart.Status, error) {
			return &mart.Status{
				Outcome: mart.Failed, Run: "20210105T013000Z-nachtelijk", Finished: *ago(5 * time.Hour), Version: manifest.Run, Published: manifest.Published,
				Blocked: &mart.Block{Since: *ago(30 * time.Hour), Why: []string{"c (alle, 2020-12-31): De totalen tellen niet op."}},
				Pinned:  &mart.PinStatus{Version: manifest.Run, Who: "anna", Reason: "de aantallen van Huizen kloppen niet <script>alert(3)</script>", Since: *ago(20 * time.Hour)},
			}, nil
		},
		Runs: func() ([]*ledger.Run, []string, error) { return runs, []string{"20201231T013000Z"}, nil },
		Run: func(id string) (*ledger.Run, error) {
			for _, r := range runs {
				if r.ID == id {
					c := *r
					return &c, nil
				}
			}
			return nil, fs.ErrNotExist
		},
		Log: func(string) (string, error) {
			return `{"level":"info","stage":"plan","seconds":0.1,"message":"stage done"}` + "\n<script>alert(2)</script>\n", nil
		},
		Windows: func(n int) []Window {
			return []Window{{"nachtelijk", today.Add(17 * time.Hour)}, {"nachtelijk", today.Add(41 * time.Hour)}}[:min(n, 2)]
		},
		Deliveries: func() ([]Delivery, error) {
			return []Delivery{
				{Source: "sonar", Supplier: "UWV", State: "late", Last: "2020-12-31", Received: *ago(30 * time.Hour), Due: "2021-01-02", Until: "2021-01-04", Refused: "sonar_20210104.csv"},
				{Source: "doelgroepregister", Supplier: "UWV", State: "on_time", Last: "2020-12-31", Received: *ago(30 * time.Hour), Due: "2021-04-02", Until: "2021-04-16", Early: true, Repeated: *ago(time.Hour)},
				{Source: "plaatsingen", State: "expected", Last: "2020-12-31", Due: "2021-01-04", Until: "2021-01-10"},
				{Source: "aanvragen", State: "never"},
				{Source: "uwv_trend"},
			}, nil
		},
		Marts: func() (*mart.Manifest, error) { return manifest, nil },
		Events: func() ([]ledger.Event, error) {
			return []ledger.Event{{ID: "x", Kind: ledger.DeadlineMissed, At: *ago(2 * time.Hour), Schedule: "nachtelijk", Window: window, Text: "De cijfers van 05-01-2021 waren om 07.00 uur niet vernieuwd."}}, nil
		},
		Service: func() Service {
			return Service{Run: "20210105T020000Z", Started: *ago(time.Hour), Ticked: *ago(time.Second), Faults: []string{"write ledger: no space left on device"}, Refused: "schedules/nachtelijk.yaml:2:7: cron \"x\": it never fires"}
		},
	}
}

// nothingYet is a service on its first day.
func nothingYet(t testing.TB) Source {
	t.Helper()
	s := sample(t)
	s.Status = func() (*mart.Status, error) { return nil, nil }
	s.Runs = func() ([]*ledger.Run, []string, error) { return nil, nil, nil }
	s.Windows = func(int) []Window { return []Window{} }
	s.Deliveries = func() ([]Delivery, error) { return []Delivery{}, nil }
	s.Marts = func() (*mart.Manifest, error) { return nil, nil }
	s.Events = func() ([]ledger.Event, error) { return nil, nil }
	s.Service = func() Service { return Service{Ticked: today} }
	return s
}

func serveSource(t testing.TB, src Source, access Access) *httptest.Server {
	t.Helper()
	h, err := Handler(src, access, NewMetrics(src))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// answer is the status and headers of a response.
type answer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

func get(t testing.TB, server *httptest.Server, path string, change func(*http.Request)) (answer, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Status, resp.Header}, string(text)
}
