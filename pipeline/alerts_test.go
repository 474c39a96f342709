package pipeline

import (
	"archive/zip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/alerts"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources/delivery"
)

// nightAlerts tell everybody by files in a folder.
func nightAlerts(folder string) notify.Settings {
	to := []string{"map"}
	return notify.Settings{
		Roles:    map[string][]string{"datateam": to, "proef": to},
		Channels: map[string]notify.Endpoint{"map": {"folder": folder}},
	}
}

// tells does a run that tells, days after the first night, and gives what arrived in it: recipient, subject.
func (n nightCase) tells(t *testing.T, folder string, days int, want mart.Outcome) []string {
	t.Helper()
	before := arrived(t, folder)
	o := nightOptions(n.data, n.project)
	o.Alerts = nightAlerts(folder)
	o.Now = func() time.Time { return nightClock.AddDate(0, 0, days) }
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != want {
		t.Fatalf("outcome %v, %v", result, err)
	}
	var news []string
	for id, line := range arrived(t, folder) {
		if before[id] == "" {
			news = append(news, line)
		}
	}
	slices.Sort(news)
	return news
}

// arrived is what has arrived in a folder, by id.
func arrived(t testing.TB, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var m notify.Announcement
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		all[m.ID] = m.Recipient + ": " + m.Subject
	}
	return all
}

// TestAlertsOfNights: a delivery is refused and corrected, and who must know is told once of each.
func TestAlertsOfNights(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	folder := filepath.Join(t.TempDir(), "berichten")
	n.first(t)
	quiet := n.copy(t)
	expect := func(days int, outcome mart.Outcome, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, n.tells(t, folder, days, outcome)); diff != "" {
			t.Errorf("day %d: %s", days, diff)
		}
	}
	expect(0, mart.Published,
		"datateam: Nachten: werkenden onder 60% in Hilversum en Laren",
		"proef: Nachten: fouten in de levering van banen (31 december 2020) en personen (31 december 2020)")
	quiet.publishes(t)
	if diff := cmp.Diff(quiet.published(t), n.published(t)); diff != "" {
		t.Errorf("telling changed what is published: %s", diff)
	}
	reports, err := filepath.Glob(filepath.Join(folder, "*.xlsx"))
	if err != nil || len(reports) != 2 {
		t.Errorf("%d reports, %v", len(reports), err)
	}
	for _, r := range reports {
		holdsNoBSN(t, r)
	}
	expect(1, mart.NothingToDo)
	n.second(t)
	second := n.tells(t, folder, 2, mart.Published)
	if !slices.ContainsFunc(second, func(m string) bool {
		return strings.HasPrefix(m, "proef: Nachten: geweigerde levering van banen (30 juni 2021)")
	}) ||
		!slices.ContainsFunc(second, func(m string) bool {
			return strings.HasPrefix(m, "datateam: ") && strings.Contains(m, "geweigerde levering van banen")
		}) {
		t.Errorf("the refusal is not told: %v", second)
	}
	expect(3, mart.NothingToDo)
	files := nightFiles(t)
	n.deliver(t, "banen", "banen_20210630_v2.csv", strings.Replace(files["second/banen_20210331.csv"], "B006", "B906", 1), 300)
	third := n.tells(t, folder, 4, mart.Published)
	if !slices.ContainsFunc(third, func(m string) bool {
		return strings.HasPrefix(m, "proef: ") && strings.Contains(m, "levering van banen (30 juni 2021) opgelost")
	}) {
		t.Errorf("the correction is not told: %v", third)
	}
	for _, dir := range []string{folder, n.path("alerts", "sent")} {
		files, err := filepath.Glob(filepath.Join(dir, "*.*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no messages in %s, %v", dir, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, digits := range nineDigits.FindAllString(string(text), -1) {
				if _, status := pseudonym.Normalise(digits); len(digits) == 9 && status.IsBSN() && filepath.Ext(f) != ".xlsx" {
					t.Errorf("%s holds %s", f, digits)
				}
			}
		}
	}
	left, err := filepath.Glob(filepath.Join(n.data, "alerts", "outbox", "*.json"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the outbox: %v, %v", left, err)
	}
}

// TestAlertsOfAnotherRule: a limit is changed, and nothing was delivered. The data team alone hears of it, and
// next night nobody does.
func TestAlertsOfAnotherRule(t *testing.T) {
	t.Parallel()
	files := nightFiles(t)
	rules := strings.Replace(files["project/checks/marts.werk.yaml"], "notify: [datateam]", "notify: [datateam, proef]", 1)
	n := newNight(t, nightProject(t, map[string]string{"project/checks/marts.werk.yaml": rules}))
	folder := filepath.Join(t.TempDir(), "berichten")
	n.first(t)
	if first := n.tells(t, folder, 0, mart.Published); len(first) != 2 {
		t.Fatalf("first: %v", first)
	}
	n.project = nightProject(t, map[string]string{"project/checks/marts.werk.yaml": strings.Replace(rules, "{below: 60}", "{below: 99}", 1)})
	if diff := cmp.Diff([]string{"datateam: Nachten: 1 melding veranderd door een andere regel of definitie"}, n.tells(t, folder, 1, mart.Published)); diff != "" {
		t.Error(diff)
	}
	if again := n.tells(t, folder, 2, mart.NothingToDo); len(again) > 0 {
		t.Errorf("told again: %v", again)
	}
	n.project = nightProject(t, map[string]string{"project/checks/marts.werk.yaml": strings.Replace(strings.Replace(rules, "{below: 60}", "{below: 99}", 1), "De grens", "De ondergrens", 1)})
	if words := n.tells(t, folder, 3, mart.Published); len(words) > 0 {
		t.Errorf("other words are told as a change: %v", words)
	}
}

// TestNoPersonInVerdict: a check per person, and a run that stops at a value, tell nothing of anybody.
func TestNoPersonInVerdict(t *testing.T) {
	t.Parallel()
	const person = "00112233445566778899aabbccddeeff"
	of := alerts.JudgedRule{Rule: rule.Rule{Schema: "core", Table: "x", Name: "uren", Per: []string{"persoon_id"}, Notify: []string{"datateam"}}, Audience: alerts.Audience{Project: &project.Project{}}}
	v := of.Condition([]judge.Verdict{{
		Check: "core.x.uren", Group: person, Ernst: rule.Alarm, Peildatum: "2020-12-31", Since: "2020-12-31", Last: true,
		Message: judge.Message{Title: "uren", Text: "Bij " + person + " klopt het niet."},
	}})
	told, err := json.Marshal([]notify.Condition{v, alerts.Ended("Conversion Error: Could not convert string 'Jansen, 999000007' to INT32 in 2021")})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{person, "Jansen", "999000007"} {
		if strings.Contains(string(told), secret) {
			t.Errorf("%s is told: %s", secret, told)
		}
	}
	if !strings.Contains(string(told), "persoon ") || !strings.Contains(string(told), "Conversion Error") {
		t.Errorf("too little is told: %s", told)
	}
}

// nineDigits is what a BSN looks like.
var nineDigits = regexp.MustCompile(`\b\d{8,9}\b`)

// holdsNoBSN looks through every part of a spreadsheet.
func holdsNoBSN(t *testing.T, file string) {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close() //nolint:errcheck // only read
	for _, part := range archive.File {
		in, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, digits := range nineDigits.FindAllString(string(text), -1) {
			if _, status := pseudonym.Normalise(digits); status.IsBSN() {
				t.Errorf("%s: %s holds %s", file, part.Name, digits)
			}
		}
	}
}

// A run killed at any boundary, and the next one, tell together what an undisturbed run tells, once.
func TestAlertsOfKilledRuns(t *testing.T) {
	t.Parallel()
	before := newNight(t, nightProject(t, nil))
	before.first(t)
	undisturbed := before.copy(t)
	folder := filepath.Join(t.TempDir(), "berichten")
	o := nightOptions(undisturbed.data, undisturbed.project)
	o.Alerts = nightAlerts(folder)
	var boundaries []string
	o.Crash = func(at string) { boundaries = append(boundaries, at) }
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Values(arrived(t, folder)))
	if len(want) == 0 {
		t.Fatal("an undisturbed run tells nothing")
	}
	for _, at := range []string{"audit", "switched", "publish", "composed", "notify", "sent"} {
		i := slices.Index(boundaries, at)
		if i < 0 {
			t.Fatalf("no boundary %q in %v", at, boundaries)
		}
		t.Run(at, func(t *testing.T) {
			n := before.copy(t)
			folder := filepath.Join(t.TempDir(), "berichten")
			killed, err := nightProcessed(t.Context(), nightOrder{Data: n.data, Project: n.project, KillAt: i + 1, Alerts: folder}, func(*os.Process) {})
			if !killed || err != nil {
				t.Fatalf("not killed: %v", err)
			}
			if _, err := nightProcessed(t.Context(), nightOrder{Data: n.data, Project: n.project, Alerts: folder}, func(*os.Process) {}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Values(arrived(t, folder)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAlertsNeedNobody: a mail server that is not there, and a folder that cannot be written, fail no run.
func TestAlertsNeedNobody(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	o := nightOptions(n.data, n.project)
	o.Alerts = notify.Settings{
		Sender: "inbeeld@voorbeeld.nl", SMTP: notify.SMTP{Host: "127.0.0.1", Port: 1}, Timeout: "5s",
		Roles: map[string][]string{"datateam": {"data@voorbeeld.nl"}},
	}
	result, err := Run(t.Context(), o)
	if err != nil || result.Outcome != mart.Published {
		t.Fatalf("%v, %v", result, err)
	}
	state, err := alerts.StateOf(o.Scope, o.Alerts)
	if err != nil || len(state.Waiting) != 1 || state.Waiting[0].Attempts != 1 || !strings.Contains(state.Waiting[0].Error, "127.0.0.1") {
		t.Errorf("%+v, %v", state, err)
	}
	if !slices.ContainsFunc(result.Run.Notes, func(note string) bool { return strings.Contains(note, "proef has no address") }) {
		t.Errorf("nobody says that a role has no address: %v", result.Run.Notes)
	}
	broken := n.copy(t)
	if err := os.WriteFile(broken.path("alerts", "outbox", "x.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	o = nightOptions(broken.data, broken.project)
	o.Alerts = nightAlerts(filepath.Join(t.TempDir(), "x"))
	if result, err = Run(t.Context(), o); err != nil || len(result.Run.Notes) == 0 {
		t.Errorf("a damaged outbox: %v, %v", result, err)
	}
}

// TestDecide: what people decide is kept, and shows in the list.
func TestDecide(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	o := nightOptions(n.data, n.project)
	o.Alerts = nightAlerts(filepath.Join(t.TempDir(), "x"))
	itsAlerts, err := alerts.List(t.Context(), o.Scope, o.Alerts)
	if err != nil || len(itsAlerts) == 0 {
		t.Fatalf("%d alerts, %v", len(itsAlerts), err)
	}
	for _, c := range []struct {
		kind              delivery.DecisionKind
		name, until, want string
	}{
		{delivery.Snooze, "marts.werk.werkenden@Laren", "2021-01-04", "not after today"},
		{delivery.Snooze, "marts.werk.werkenden@Laren", "maart", "write a day"},
		{delivery.Snooze, "marts.werk.werkende@Laren", "2021-03-01", "did you mean"},
		{delivery.Resolve, "marts.werk.werkenden", "", "more than one"},
		{delivery.Acknowledge, "marts.werk.werkenden", "", ""},
		{delivery.Snooze, "marts.werk.werkenden@Laren", "2021-03-01", ""},
		{delivery.Resolve, notify.AlertID("marts.werk.werkenden", "Hilversum"), "", ""},
	} {
		_, err := alerts.Decide(t.Context(), o.Scope, o.Alerts, c.kind, c.name, "jan", "wij weten ervan", c.until)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.kind, c.name, err)
		}
	}
	after, err := alerts.List(t.Context(), o.Scope, o.Alerts)
	if err != nil || len(after) != len(itsAlerts)-1 {
		t.Fatalf("%d alerts of %d, %v", len(after), len(itsAlerts), err)
	}
	var notes []string
	for _, a := range after {
		if a.Note != "" {
			notes = append(notes, a.Group+": "+a.Note)
		}
	}
	if diff := cmp.Diff([]string{"Laren: Uitgesteld tot 1 maart 2021 door jan: wij weten ervan."}, notes); diff != "" {
		t.Error(diff)
	}
	plan, err := inspect.MakePlan(t.Context(), o.Scope, o.Publish, o.Fresh)
	if err != nil || !plan.NothingToDo {
		t.Errorf("a decision about an alert gives a run something to do: %+v, %v", plan, err)
	}
}
