package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
	"inbeeld/sources/pull"
)

func TestPullLands(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/sonar/Sonar_20201231_v1.csv", "abc", 3)
	b.want(b.pull(), "landed sonar Sonar_20201231_v1.csv as 1")
	b.inbox()
	b.nothingHidden()
	dir := filepath.Join(b.data, "landing/sonar/2020-12-31-ba7816bf8f01")
	got, err := os.ReadFile(filepath.Join(dir, "delivery.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "source": "sonar",
 "id": "2020-12-31-ba7816bf8f01",
 "peildatum": "2020-12-31",
 "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
 "size": 3,
 "profile": {
  "bytes": 3
 },
 "receipts": [
  {
   "sequence": 1,
   "file": "Sonar_20201231_v1.csv",
   "modified": "2021-01-01T00:03:00Z",
   "landed": "2021-01-02T00:00:00Z"
  }
 ]
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	for path, mode := range map[string]fs.FileMode{"../..": 0o700, "..": 0o700, ".": 0o700, "delivery.json": 0o600, "Sonar_20201231_v1.csv": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
	d := b.deliveries()[0]
	if text, err := os.ReadFile(d.Original(b.data)); err != nil || string(text) != "abc" || d.Dir(b.data) != dir {
		t.Errorf("original %q %v in %s", text, err, d.Dir(b.data))
	}
	b.want(b.pull())
	if b.waits != 1 {
		t.Errorf("waited %d times", b.waits)
	}
}

func TestPullOrder(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/sonar/sonar_20201231_a.csv", "1", 9)
	b.drop("inbox/sonar/sonar_20201231_c.csv", "2", 5)
	b.drop("inbox/sonar/sonar_20201231_b.csv", "3", 5)
	b.drop("inbox/register/register_20201231.csv", "1", 20)
	b.want(b.pull(), "landed register register_20201231.csv as 1", "landed sonar sonar_20201231_b.csv as 2",
		"landed sonar sonar_20201231_c.csv as 3", "landed sonar sonar_20201231_a.csv as 4")
	if err := delivery.WriteDecision(b.data, withdrawal(7, "2020-12-31-0123456789ab")); err != nil {
		t.Fatal(err)
	}
	b.drop("inbox/sonar/sonar_20200930.csv", "1", 0)
	b.want(b.pull(), "landed sonar sonar_20200930.csv as 8")
	if b.waits != 2 {
		t.Errorf("waited %d times in two pulls", b.waits)
	}
}

func TestPullRepeats(t *testing.T) {
	type step struct {
		file, text string
		minutes    int
		withdraw   bool
		want       string
	}
	const name = "sonar_20201231.csv"
	landed := func(n int) string { return fmt.Sprintf("landed sonar %s as %d", name, n) }
	again := func(n int) string { return fmt.Sprintf("landed again sonar %s as %d", name, n) }
	inForce := "repeated sonar " + name + ": gelijk aan de levering die geldt"
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"in force", []step{{name, "A", 1, false, landed(1)}, {name, "A", 2, false, inForce}}},
		{"in force under another name", []step{
			{name, "A", 1, false, landed(1)},
			{"sonar_20201231_b.csv", "A", 1, false, "repeated sonar sonar_20201231_b.csv: gelijk aan de levering die geldt"},
		}},
		{"other peildatum", []step{{name, "A", 1, false, landed(1)}, {"sonar_20200930.csv", "A", 1, false, "landed sonar sonar_20200930.csv as 2"}}},
		{"superseded", []step{{name, "A", 1, false, landed(1)}, {name, "B", 2, false, landed(2)}, {name, "A", 1, false, again(3)}, {name, "A", 4, false, inForce}}},
		{"refused", []step{{name, "slecht", 1, false, landed(1)}, {name, "slecht", 2, false, again(2)}}},
		{"refused after accepted", []step{{name, "A", 1, false, landed(1)}, {name, "slecht", 2, false, landed(2)}, {name, "A", 3, false, inForce}}},
		{"withdrawn, the very same file", []step{{name, "A", 1, true, landed(1)}, {name, "A", 1, false, again(3)}, {name, "A", 2, false, inForce}}},
		{"left by a crash", []step{{name, "slecht", 1, false, landed(1)}, {name, "slecht", 1, false, "repeated sonar " + name + ": al ontvangen in een eerdere ronde"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			for _, s := range c.steps {
				b.drop("inbox/sonar/"+s.file, s.text, s.minutes)
				res := b.pull()
				b.want(res, s.want)
				b.inbox()
				b.nothingHidden()
				if s.withdraw {
					if err := delivery.WriteDecision(b.data, withdrawal(delivery.NextSequence(b.deliveries(), nil), res.Landed[0].ID)); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestPullRepeatsWithinOnePull(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/sonar/sonar_20201231_0.csv", "A", 0)
	b.pull()
	for i, text := range []string{"A", "B", "B", "A", "A", "B"} {
		b.drop(fmt.Sprintf("inbox/sonar/sonar_20201231_%d.csv", i+1), text, i+1)
	}
	b.drop("inbox/sonar/sonar_20200930.csv", "A", 9)
	b.want(b.pull(), "landed sonar sonar_20201231_2.csv as 2", "landed again sonar sonar_20201231_4.csv as 3",
		"landed again sonar sonar_20201231_6.csv as 4", "landed sonar sonar_20200930.csv as 5",
		"repeated sonar sonar_20201231_1.csv: gelijk aan de levering die geldt",
		"repeated sonar sonar_20201231_3.csv: gelijk aan de levering die net is ontvangen",
		"repeated sonar sonar_20201231_5.csv: gelijk aan de levering die net is ontvangen")
	var receipts []string
	for _, d := range b.deliveries() {
		for _, r := range d.Receipts {
			receipts = append(receipts, fmt.Sprintf("%s %d %s", d.Peildatum, r.Sequence, r.File))
		}
	}
	want := []string{
		"2020-09-30 5 sonar_20200930.csv", "2020-12-31 1 sonar_20201231_0.csv", "2020-12-31 3 sonar_20201231_4.csv",
		"2020-12-31 2 sonar_20201231_2.csv", "2020-12-31 4 sonar_20201231_6.csv",
	}
	if diff := cmp.Diff(want, receipts); diff != "" {
		t.Error(diff)
	}
	b.inbox()
}

func TestPullBringsBackAnOriginalThatWasRemoved(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/sonar/sonar_20201231.csv", "A", 0)
	b.pull()
	d := b.deliveries()[0]
	if err := os.Remove(d.Original(b.data)); err != nil {
		t.Fatal(err)
	}
	b.drop("inbox/sonar/sonar_20201231_nieuw.csv", "A", 1)
	res, err := pull.Pull(t.Context(), pull.Options{
		Dialer:    place.Dialer{DataDir: b.data, Now: newYear, Wait: func(context.Context, time.Duration) error { return nil }},
		Contracts: b.contracts, InForce: func(string, string) (string, bool) { return "", false },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.want(res, "landed again sonar sonar_20201231_nieuw.csv as 2")
	again := b.deliveries()[0]
	if text, err := os.ReadFile(again.Original(b.data)); err != nil || string(text) != "A" || again.Original(b.data) != d.Original(b.data) {
		t.Errorf("%q %v", text, err)
	}
	if !json.Valid(again.Profile) {
		t.Error("a pull without profiler lost the profile")
	}
}

func TestPullLeavesWhatGrows(t *testing.T) {
	const path, other = "inbox/sonar/sonar_20201231.csv", "inbox/register/register_20201231.csv"
	for name, change := range map[string]func(b *sandbox){
		"size":          func(b *sandbox) { b.drop(path, "AB", 1) },
		"time":          func(b *sandbox) { b.drop(path, "B", 2) },
		"only just now": func(b *sandbox) { b.drop(path, "B", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.drop(other, "A", 1)
			if name != "only just now" {
				b.drop(path, "A", 1)
			}
			b.wait = func() { change(b) }
			b.want(b.pull(), "landed register register_20201231.csv as 1", "growing inbox/sonar sonar_20201231.csv: groeit nog")
			b.inbox(path)
			b.wait = func() {}
			b.want(b.pull(), "landed sonar sonar_20201231.csv as 2")
		})
	}
	b := newBench(t)
	b.drop(path, "A", 1)
	b.wait = func() {
		if err := os.Remove(filepath.Join(b.data, path)); err != nil {
			t.Fatal(err)
		}
	}
	b.want(b.pull())
}

func TestPullNamesWhatItDoesNotKnow(t *testing.T) {
	b := newBench(t)
	b.contracts = append(b.contracts, contractFor(t, "diep", "from: {dir: inbox/uwv/diep}\n"))
	if err := os.MkdirAll(filepath.Join(b.data, "inbox/uwv/diep"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"inbox/sonar/map", "inbox/vreemd", "inbox/uwv/elders"} {
		if err := os.Mkdir(filepath.Join(b.data, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{
		"inbox/sonar/sonar.csv", "inbox/sonar/sonar_20200231.csv", "inbox/sonar/.sonar_20201231.csv", "inbox/sonar/sonar_20201231.csv.tmp",
		"inbox/sonar/sonar_20201231.csv.PART", "inbox/los.csv", "inbox/.gitkeep", "inbox/vreemd/x.csv", "inbox/uwv/los.csv",
	} {
		b.drop(file, "A", 1)
	}
	if err := os.Symlink("sonar.csv", filepath.Join(b.data, "inbox/sonar/sonar_20201231.csv")); err != nil {
		t.Fatal(err)
	}
	res := b.pull()
	b.want(res, "left inbox/sonar .sonar_20201231.csv: verborgen bestand", "left inbox/sonar map: is een map",
		"left inbox/sonar sonar.csv: naam niet herkend", "left inbox/sonar sonar_20200231.csv: naam met een onmogelijke datum",
		"left inbox/sonar sonar_20201231.csv: is geen gewoon bestand",
		"left inbox/sonar sonar_20201231.csv.PART: tijdelijk bestand", "left inbox/sonar sonar_20201231.csv.tmp: tijdelijk bestand",
		"left inbox .gitkeep: verborgen bestand", "left inbox los.csv: staat niet in de map van een bron",
		"left inbox/uwv/elders : geen bron voor deze map", "left inbox/uwv los.csv: staat niet in de map van een bron",
		"left inbox/vreemd : geen bron voor deze map")
	if diff := cmp.Diff([]string{`sonar_(?P<peildatum>\d{8}).*\.csv`}, res.Unrecognised[2].Expected); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"inbox/register", "inbox/sonar", "inbox/uwv/diep"}, res.Unrecognised[11].Expected); diff != "" {
		t.Error(diff)
	}
	if b.waits != 0 {
		t.Error("it waited for files that it does not take")
	}
}

func TestPullOfOneFolderForTwoContracts(t *testing.T) {
	b := newBench(t)
	b.contracts = []*contract.Contract{
		contractFor(t, "a", "from: {dir: inbox}\n"),
		contractFor(t, "ab", "from: {dir: inbox}\n"),
		parseContract(t, "sources/wijd.yaml", strings.Replace(goodContract, "sonar_", ".*b_", 1)+"from: {dir: inbox}\n"),
	}
	b.drop("inbox/a_20201231.csv", "A", 1)
	b.drop("inbox/ab_20201231.csv", "A", 1)
	b.drop("inbox/bb_20201231.csv", "A", 1)
	b.drop("inbox/x_20201231.csv", "A", 1)
	res := b.pull()
	b.want(res, "landed a a_20201231.csv as 1", "landed wijd bb_20201231.csv as 2", "left inbox register: is een map", "left inbox sonar: is een map",
		"left inbox x_20201231.csv: naam niet herkend",
		"failed inbox ab_20201231.csv: the name matches more than one contract: sources/ab.yaml and sources/wijd.yaml; give each a separate folder or a narrower match")
	if len(res.Unrecognised[2].Expected) != 3 || res.Unrecognised[2].Source != "" {
		t.Errorf("%+v", res.Unrecognised[2])
	}
	b.inbox("inbox/ab_20201231.csv", "inbox/x_20201231.csv")
}

func TestPullWithoutInbox(t *testing.T) {
	b := newBench(t)
	if err := os.RemoveAll(filepath.Join(b.data, "inbox")); err != nil {
		t.Fatal(err)
	}
	b.want(b.pull())
	if _, err := os.Stat(filepath.Join(b.data, "landing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a pull of nothing made landing: %v", err)
	}
}

func TestPullKeepsTheNameSafe(t *testing.T) {
	b := newBench(t)
	name := "sonar_20201231 (1) é\n\xff\\.." + strings.Repeat("x", 200) + ".csv"
	b.contracts = []*contract.Contract{parseContract(t, "sources/sonar.yaml", strings.Replace(goodContract, `.*\.csv`, `(?s:.*)`, 1))}
	b.drop("inbox/sonar/"+name, "A", 1)
	b.pull()
	d := b.deliveries()[0]
	kept := filepath.Base(d.Original(b.data))
	if _, err := os.Stat(d.Original(b.data)); err != nil || len(kept) > 200 || strings.ContainsAny(kept, "\n\\") || !utf8.ValidString(kept) {
		t.Errorf("%q %v", kept, err)
	}
	b.drop("inbox/sonar/"+name, "A", 1)
	if res := b.pull(); len(res.Repeated) != 1 || res.Repeated[0].Reason != place.AlreadyLanded {
		t.Errorf("%+v", res)
	}
	for in, want := range map[string]string{
		"": "_", "...": "_...", "Delivery.JSON": "_Delivery.JSON", "a/b": "a_b", "x.csv": "x.csv", "ë (1).csv": "ë (1).csv",
	} {
		if got := delivery.CleanName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
