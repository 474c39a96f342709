package pipeline

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// twoNights are a data directory with two publications, and what each of them published.
func twoNights(t *testing.T) (n nightCase, first, second map[string]string) {
	t.Helper()
	n = newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	first = n.published(t)
	n.second(t)
	n.publishes(t)
	return n, first, n.published(t)
}

// reads fails when what people read is not want, the marts and the warehouse alike.
func (n nightCase) reads(t *testing.T, when string, want map[string]string) {
	t.Helper()
	if got := n.published(t); !maps.Equal(got, want) {
		t.Errorf("%s: %v, not %v", when, got, want)
	}
	if err := nightWarehouse(t.Context(), n.data); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}

func (n nightCase) rollback(t *testing.T) *mart.Pin {
	t.Helper()
	pin, err := Rollback(t.Context(), nightOptions(n.data, n.project), "", "test", "proef")
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

func (n nightCase) status(t *testing.T) *mart.Status {
	t.Helper()
	status, err := mart.Store{Dir: n.path("marts")}.ReadStatus()
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// After a rollback people read the version before, runs judge and publish nothing, and a release gives
// what would have been published without it.
func TestRollback(t *testing.T) {
	t.Parallel()
	n, first, second := twoNights(t)
	never := n.copy(t)
	pin := n.rollback(t)
	n.reads(t, "after the rollback", first)
	if st := n.status(t); st.Pinned == nil || st.Pinned.Version != pin.Version || st.Pinned.Who != "test" || st.Version != pin.Version || st.Outcome != mart.Pinned {
		t.Errorf("status %+v", st)
	}
	text, err := os.ReadFile(n.path("marts", "STATUS.txt"))
	if err != nil || !strings.Contains(string(text), "gepind op versie "+pin.Version) {
		t.Errorf("STATUS.txt: %s, %v", text, err)
	}
	for _, one := range []nightCase{n, never} {
		one.deliver(t, "banen", "banen_20210630.csv", nightFiles(t)["first/banen_20200930.csv"], 700)
	}
	plan, err := inspect.MakePlan(t.Context(), nightOptions(n.data, n.project).Scope, nightOptions(n.data, n.project).Publish, nightOptions(n.data, n.project).Fresh)
	if err != nil || !strings.Contains(strings.Join(plan.Notes, "\n"), "is pinned (test, proef): nothing will be published") {
		t.Errorf("plan notes %v, %v", plan.Notes, err)
	}
	for range 2 {
		if result := n.run(t); result.Outcome != mart.Pinned || len(result.Findings) == 0 {
			t.Errorf("a run while pinned: %s with %d findings", result.Outcome, len(result.Findings))
		}
		n.reads(t, "a run while pinned", first)
	}
	versions, err := publish.Versions(nightOptions(n.data, n.project).Dir)
	if err != nil || len(versions) != 2 {
		t.Fatalf("%+v, %v", versions, err)
	}
	if v := versions[1]; !v.Current || !v.Pinned || v.Rows == 0 || len(v.Changed) != 4 || versions[0].Current || !slices.Contains(versions[0].Changed, "werk") {
		t.Errorf("versions %+v", versions)
	}

	if err := Release(t.Context(), nightOptions(n.data, n.project)); err != nil {
		t.Fatal(err)
	}
	if st := n.status(t); st.Pinned != nil || st.Version != pin.Version {
		t.Errorf("status after the release %+v", st)
	}
	n.publishes(t)
	never.publishes(t)
	if maps.Equal(never.published(t), second) {
		t.Fatal("the third delivery changed nothing")
	}
	n.reads(t, "after the release", never.published(t))
	var misuse *usage.Error
	if err := Release(t.Context(), nightOptions(n.data, n.project)); !errors.As(err, &misuse) {
		t.Errorf("a release of nothing: %v", err)
	}
}

// Withdrawing a delivery that is to blame lets runs publish again; withdrawing another does not.
func TestRollbackAndWithdraw(t *testing.T) {
	t.Parallel()
	n, first, _ := twoNights(t)
	pin := n.rollback(t)
	blame := n.delivery(t, "personen_20200930_correctie.csv")
	if !slices.Contains(pin.Blamed, "personen/"+blame.ID) || slices.Contains(pin.Blamed, "personen/"+n.delivery(t, "personen_20201231.csv").ID) {
		t.Fatalf("blamed %v", pin.Blamed)
	}
	n.withdraw(t, "banen", n.delivery(t, "banen_20201231.csv").ID)
	if result := n.run(t); result.Outcome != mart.Pinned {
		t.Errorf("after withdrawing another: %s", result.Outcome)
	}
	n.reads(t, "after withdrawing another", first)
	n.withdraw(t, "personen", blame.ID)
	result := n.publishes(t)
	if !strings.Contains(strings.Join(result.Run.Notes, "\n"), "niet meer gepind: personen/"+blame.ID) {
		t.Errorf("notes %v", result.Run.Notes)
	}
	if st := n.status(t); st.Pinned != nil {
		t.Errorf("status %+v", st)
	}
	if err := nightWarehouse(t.Context(), n.data); err != nil {
		t.Error(err)
	}
	if result := n.run(t); result.Outcome != mart.NothingToDo {
		t.Errorf("the run after it: %s", result.Outcome)
	}
}

// A rollback that is killed between any two steps is finished by the next run, and by a repeat.
func TestRollbackKilled(t *testing.T) {
	t.Parallel()
	n, first, _ := twoNights(t)
	const points = 4
	for at := 1; at <= points+1; at++ {
		killed := n.copy(t)
		err := nightCommand(t.Context(), nightOrder{Data: killed.data, Project: killed.project, KillAt: at, Rollback: true}).Run()
		if (err != nil) != (at <= points) {
			t.Fatalf("point %d: %v", at, err)
		}
		again, asBefore := killed.copy(t), killed.copy(t)
		if at <= points {
			if _, err := Rollback(t.Context(), nightOptions(asBefore.data, asBefore.project), "", "test", "proef"); err != nil {
				t.Fatal(err)
			}
			asBefore.reads(t, "finished by the same words", first)
		}
		if result := killed.run(t); result.Outcome != mart.Pinned {
			t.Errorf("point %d: the run says %s", at, result.Outcome)
		}
		killed.reads(t, "finished by a run", first)
		pin, err := Rollback(t.Context(), nightOptions(again.data, again.project), versionsOf(t, again)[1], "test", "proef")
		if err != nil {
			t.Fatal(err)
		}
		again.reads(t, "finished by a repeat", first)
		if len(pin.Blamed) == 0 {
			t.Errorf("point %d: the repeat blames nobody", at)
		}
		for _, one := range []nightCase{killed, again} {
			if remains, err := nightRemains(one.data); err != nil || len(remains) > 0 {
				t.Errorf("point %d: left behind %v, %v", at, remains, err)
			}
		}
	}
}

// versionsOf are the names of what is kept, the newest first.
func versionsOf(t *testing.T, n nightCase) []string {
	t.Helper()
	rows, err := publish.Versions(nightOptions(n.data, n.project).Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Version)
	}
	return names
}

// What cannot be gone back to is refused, and nothing changes.
func TestRollbackRefused(t *testing.T) {
	t.Parallel()
	n, _, second := twoNights(t)
	versions := versionsOf(t, n)
	o := nightOptions(n.data, n.project)
	var misuse *usage.Error
	for _, c := range []struct{ version, who, reason, says string }{
		{"20200101T000000Z", "test", "proef", "there is no version 20200101T000000Z"},
		{"../versions/" + versions[1], "test", "proef", "there is no version"},
		{versions[1], "test", " ", "--reason"},
		{versions[1], "", "proef", "--who"},
	} {
		if _, err := Rollback(t.Context(), o, c.version, c.who, c.reason); !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	path := n.path("marts", "versions", versions[1], "werk.parquet")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	nightRemove(t, path)
	nightWrite(t, path, string(text))
	if _, err := Rollback(t.Context(), o, "", "test", "proef"); err == nil || !strings.Contains(err.Error(), "werk.parquet differs from what was published") {
		t.Errorf("a damaged version: %v", err)
	}
	n.reads(t, "after refusals", second)
	if pin, err := (mart.Store{Dir: n.path("marts")}).Pinned(); err != nil || pin != nil {
		t.Errorf("pinned %+v, %v", pin, err)
	}
	if diff := cmp.Diff(mart.NothingToDo, n.run(t).Outcome); diff != "" {
		t.Error(diff)
	}

	one := newNight(t, n.project)
	one.first(t)
	one.publishes(t)
	if _, err := Rollback(t.Context(), nightOptions(one.data, one.project), "", "test", "proef"); !errors.As(err, &misuse) || !strings.Contains(err.Error(), "there is no version before the current one") {
		t.Errorf("with one version: %v", err)
	}
	nightWrite(t, one.path("marts", "pin.json"), "{")
	if _, err := Run(t.Context(), nightOptions(one.data, one.project)); err == nil || !strings.Contains(err.Error(), "inbeeld rollback --release") {
		t.Errorf("a damaged pin: %v", err)
	}
	if err := Release(t.Context(), nightOptions(one.data, one.project)); err != nil {
		t.Error(err)
	}
	one.publishes(t)
}
