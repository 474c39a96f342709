package sources

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/delivery"
)

func withdrawal(sequence int64, d string) delivery.Decision {
	return delivery.Decision{
		Sequence: sequence, Kind: delivery.Withdraw, Source: "sonar", Delivery: d, Who: "jan", Reason: "verkeerde maand",
		At: time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC),
	}
}

func TestDecisionsAreReadAsWritten(t *testing.T) {
	data := t.TempDir()
	if got, err := delivery.ReadDecisions(data); err != nil || got != nil {
		t.Errorf("without decisions: %v %v", got, err)
	}
	second := withdrawal(12, "2020-12-31-0123456789ab")
	first := withdrawal(3, "2020-09-30-0123456789ab")
	first.Kind = delivery.Accept
	for _, d := range []delivery.Decision{second, first} {
		if err := delivery.WriteDecision(data, d); err != nil {
			t.Fatal(err)
		}
	}
	got, err := delivery.ReadDecisions(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]delivery.Decision{first, second}, got); diff != "" {
		t.Error(diff)
	}
	path := filepath.Join(data, "decisions", "00000012-withdraw-2020-12-31-0123456789ab.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if n := delivery.NextSequence(nil, got); n != 13 {
		t.Errorf("next is %d", n)
	}
	if n := delivery.NextSequence([]delivery.Delivery{{Receipts: []delivery.Receipt{{Sequence: 4}, {Sequence: 40}}}}, got); n != 41 {
		t.Errorf("next is %d", n)
	}
	if n := delivery.NextSequence(nil, nil); n != 1 {
		t.Errorf("next is %d", n)
	}
}

func TestWriteDecisionNeverReplaces(t *testing.T) {
	data := t.TempDir()
	d := withdrawal(5, "2020-12-31-0123456789ab")
	if err := delivery.WriteDecision(data, d); err != nil {
		t.Fatal(err)
	}
	other := withdrawal(5, "2020-09-30-0123456789ab")
	for _, again := range []delivery.Decision{d, other} {
		if err := delivery.WriteDecision(data, again); !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %v", err)
		}
	}
}

func TestWriteDecisionRefuses(t *testing.T) {
	for want, change := range map[string]func(*delivery.Decision){
		"sequence 0":             func(d *delivery.Decision) { d.Sequence = 0 },
		"not a kind":             func(d *delivery.Decision) { d.Kind = "../x" },
		"not a source":           func(d *delivery.Decision) { d.Source = "" },
		"not the ID":             func(d *delivery.Decision) { d.Delivery = "../../x" },
		"say who decides":        func(d *delivery.Decision) { d.Who = " " },
		"who decides and why":    func(d *delivery.Decision) { d.Reason = "" },
		"no such file or direct": nil,
	} {
		d, data := withdrawal(1, "2020-12-31-0123456789ab"), t.TempDir()
		if change == nil {
			data = filepath.Join(data, "absent")
		} else {
			change(&d)
		}
		if err := delivery.WriteDecision(data, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestDecisionsAboutAlerts: they are stored like others, and do not change which deliveries are in force.
func TestDecisionsAboutAlerts(t *testing.T) {
	about := func(change func(*delivery.Decision)) delivery.Decision {
		d := delivery.Decision{
			Sequence: 7, Kind: delivery.Snooze, Alert: &delivery.Subject{Check: "marts.trechter.som", Group: "Huizen / GEMEENTE", Until: "2021-03-01"},
			Who: "jan", Reason: "de consulent is ziek", At: time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC),
		}
		change(&d)
		return d
	}
	data := t.TempDir()
	snooze := about(func(*delivery.Decision) {})
	if err := delivery.WriteDecision(data, snooze); err != nil {
		t.Fatal(err)
	}
	got, err := delivery.ReadDecisions(data)
	if diff := cmp.Diff([]delivery.Decision{snooze}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := os.Stat(filepath.Join(data, "decisions", "00000007-snooze-marts.trechter.som.json")); err != nil {
		t.Error(err)
	}
	received := delivery.Delivery{Source: "sonar", ID: "2020-12-31-0123456789ab", Peildatum: "2020-12-31", Receipts: []delivery.Receipt{{Sequence: 1}}}
	state := delivery.Fold([]delivery.Delivery{received}, got, func(delivery.Delivery) delivery.Judgement { return delivery.Judgement{Accepted: true} })
	if s, _ := state.Standing("sonar", received.ID); s.Status != delivery.Aanvaard {
		t.Errorf("the delivery is %s", s.Status)
	}
	for want, change := range map[string]func(*delivery.Decision){
		"one delivery":         func(d *delivery.Decision) { d.Source = "sonar" },
		"not a decision about": func(d *delivery.Decision) { d.Kind = delivery.Withdraw },
		"not a check":          func(d *delivery.Decision) { d.Alert.Check = "../x" },
		"only a snooze":        func(d *delivery.Decision) { d.Kind = delivery.Acknowledge },
		"a snooze, and only":   func(d *delivery.Decision) { d.Alert.Until = "" },
		"is not a day":         func(d *delivery.Decision) { d.Alert.Until = "maart" },
		"who decides and why":  func(d *delivery.Decision) { d.Reason = "" },
	} {
		if err := delivery.WriteDecision(t.TempDir(), about(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestApprovals: they are stored like others, and are about one run.
func TestApprovals(t *testing.T) {
	about := func(change func(*delivery.Decision)) delivery.Decision {
		d := delivery.Decision{
			Sequence: 3, Kind: delivery.Approve, Held: &delivery.Held{Run: "20210104T013000Z-nachtelijk", Digest: "abc"},
			Who: "jan", Reason: "afgestemd", At: time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC),
		}
		change(&d)
		return d
	}
	data := t.TempDir()
	approval := about(func(*delivery.Decision) {})
	if err := delivery.WriteDecision(data, approval); err != nil {
		t.Fatal(err)
	}
	got, err := delivery.ReadDecisions(data)
	if diff := cmp.Diff([]delivery.Decision{approval}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := os.Stat(filepath.Join(data, "decisions", "00000003-approve-20210104T013000Z-nachtelijk.json")); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*delivery.Decision){
		"one delivery":            func(d *delivery.Decision) { d.Delivery = "2020-12-31-0123456789ab" },
		"alert or publication":    func(d *delivery.Decision) { d.Alert = &delivery.Subject{Check: "a"} },
		"an approval, and only":   func(d *delivery.Decision) { d.Held = nil },
		"only an approval":        func(d *delivery.Decision) { d.Kind = delivery.Accept },
		`"../x" is not a run`:     func(d *delivery.Decision) { d.Held.Run = "../x" },
		"say what is approved":    func(d *delivery.Decision) { d.Held.Digest = "" },
		"say who decides and why": func(d *delivery.Decision) { d.Who = " " },
	} {
		if err := delivery.WriteDecision(t.TempDir(), about(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestReadDecisionsNamesDamage(t *testing.T) {
	const name = "00000005-withdraw-2020-12-31-0123456789ab.json"
	for what, c := range map[string]struct{ file, text string }{
		"half":              {name, `{"sequence":5,`},
		"empty":             {name, ``},
		"other name":        {name, `{"sequence":6,"kind":"withdraw","source":"s","delivery":"2020-12-31-0123456789ab"}`},
		"no name":           {"note.json", `{}`},
		"the same sequence": {"00000005-accept-2020-12-31-0123456789ab.json", `{"sequence":5,"kind":"accept","source":"s","delivery":"2020-12-31-0123456789ab"}`},
	} {
		data := t.TempDir()
		if what == "the same sequence" {
			if err := delivery.WriteDecision(data, withdrawal(5, "2020-12-31-0123456789ab")); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Mkdir(filepath.Join(data, "decisions"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(data, "decisions", c.file), c.text)
		if _, err := delivery.ReadDecisions(data); err == nil || !strings.Contains(err.Error(), "0000000") && !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestReadDecisionsPassesOverWhatACrashLeft(t *testing.T) {
	data := t.TempDir()
	if err := delivery.WriteDecision(data, withdrawal(5, "2020-12-31-0123456789ab")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(data, "decisions", ".new-00000006-x.json")
	write(t, left, "{")
	if got, err := delivery.ReadDecisions(data); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	if err := delivery.Sweep(data); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
