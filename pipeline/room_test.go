package pipeline

import (
	"strings"
	"testing"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/mart"
)

// A run begins when twice what the last one used is free, or twice what lies in the inbox when that is
// more; one byte less and it says so, and changes nothing.
func TestRoom(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	inbox, _, err := datadir.FolderSize(n.path("inbox"), nil)
	if err != nil || inbox < 4*datadir.BlockSize {
		t.Fatalf("%d bytes in the inbox, %v", inbox, err)
	}
	o := nightOptions(n.data, n.project)
	var free int64
	o.Free = func(string) (int64, error) { return free, nil }
	try := func(says string) *Result {
		t.Helper()
		result, err := Run(t.Context(), o)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Fatalf("%v, not %q", err, says)
		}
		return result
	}
	need := inbox + datadir.FirstRunSpace
	free = datadir.SpaceFactor*need - 1
	refused := try("a run needs " + datadir.SizeText(datadir.SpaceFactor*need) + ": twice the estimate for a first run (" + datadir.SizeText(need) + ")")
	if refused.Outcome != mart.Failed || refused.Version != "" || refused.Run.DiskUse.Used != 0 {
		t.Errorf("%+v", refused)
	}
	free = datadir.SpaceFactor * need
	first := try("")
	room := first.Run.DiskUse
	for _, folder := range []string{"landing", "lake", "quarantine", "stand"} {
		there, _, err := datadir.FolderSize(n.path(folder), nil)
		if folder == "landing" {
			there -= datadir.BlockSize * first.Run.Stages[1].Counts["landed"] // delivery.json
		}
		if folder == "stand" {
			there -= datadir.BlockSize // memory.json
		}
		if got := room.Written[folder]; got != there || err != nil {
			t.Errorf("wrote %d in %s, where %d are, %v", got, folder, there, err)
		}
	}
	marts := room.Written["marts"]
	if all := room.Written["landing"] + room.Written["lake"] + room.Written["quarantine"] + room.Written["stand"]; room.Used < all+marts || marts == 0 {
		t.Errorf("used %d at most, of which %d stay and %d are marts", room.Used, all, marts)
	}
	if room.Used > free {
		t.Errorf("used %d, and thought to need %d", room.Used, free)
	}

	free = datadir.SpaceFactor*room.Used - 1
	try("twice what run " + first.Run.ID + " used (" + datadir.SizeText(room.Used) + ")")
	plan, err := inspect.MakePlan(t.Context(), o.Scope, o.Publish, o.Fresh)
	if err != nil || !strings.Contains(strings.Join(plan.Notes, "\n"), "it will not begin") {
		t.Errorf("notes %v, %v", plan.Notes, err)
	}
	o.IgnoreDiskSpace = true
	if result := try(""); result.Outcome != mart.Published {
		t.Error(result.Outcome)
	}
	o.IgnoreDiskSpace, free = false, datadir.SpaceFactor*room.Used
	n.second(t)
	second := try("").Run
	if second.DiskUse.Written["marts"] == 0 {
		t.Errorf("%+v", second.DiskUse)
	}
	if quiet := try(""); quiet.Outcome != mart.NothingToDo || quiet.Run.DiskUse.Used != 0 {
		t.Errorf("%s, %+v", quiet.Outcome, quiet.Run.DiskUse)
	}
	free = datadir.SpaceFactor * second.DiskUse.Used
	n.deliver(t, "personen", "personen_20210331.csv", strings.Repeat("x", int(second.DiskUse.Used)+1), 500)
	try("twice the size of the inbox (")
	u, err := datadir.UsageOf(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int64{}
	for _, f := range u.Folders {
		sizes[f.Name] = f.Bytes
	}
	if sizes["lake"] == 0 || sizes["marts"] == 0 || sizes["warehouse.duckdb"] == 0 || u.Free != free || u.Needed <= free {
		t.Errorf("%+v", u)
	}
}

func TestSizeText(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 KB", 4096: "4.1 KB", 123_456: "123 KB", 1_500_000_000: "1.5 GB", 2e15: "2000 TB"} {
		if got := datadir.SizeText(bytes); got != want {
			t.Errorf("%d: %s, not %s", bytes, got, want)
		}
	}
}
