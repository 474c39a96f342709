package pipeline

import (
	"bufio"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

// A second run while one is going is told who holds the lock, and leaves that one alone.
func TestLock(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	cmd := nightCommand(t.Context(), nightOrder{Data: n.data, Project: n.project, HoldAt: "load"})
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	for _, want := range []string{"begin\n", "load\n"} {
		if line, err := out.ReadString('\n'); err != nil || line != want {
			t.Fatalf("%q, %v", line, err)
		}
	}
	before := nightTree(t, n.data)
	result, err := Run(t.Context(), nightOptions(n.data, n.project))
	var locked *ledger.LockedError
	if result != nil || !errors.As(err, &locked) {
		t.Fatalf("%+v, %v", result, err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Holder{PID: cmd.Process.Pid, Host: host, What: "inbeeld run", Since: nightClock}
	if diff := cmp.Diff(want, locked.Holder); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, nightTree(t, n.data)); diff != "" {
		t.Error(diff)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err := errors.Join(err, cmd.Wait()); err != nil || string(rest) != "published\n" {
		t.Fatalf("%q, %v", rest, err)
	}
	if result := n.run(t); result.Outcome != mart.NothingToDo {
		t.Errorf("the run after it: %s", result.Outcome)
	}
}

// A night of a story: what is done before the run, how the run ends, what is in force after it.
type nightAct struct {
	does     string
	do       func(t *testing.T, n *nightCase)
	outcome  mart.Outcome
	refused  int
	notes    string // that one of the notes holds; "" when there are none
	standing []string
	werk     []string // peildatum, personen and uren of marts.werk, over gemeenten
}

func (a nightAct) play(t *testing.T, n *nightCase) {
	t.Helper()
	a.do(t, n)
	result := n.run(t)
	notes := strings.Join(result.Run.Notes, "\n")
	result = approved(t, nightOptions(n.data, n.project), result)
	if result.Outcome != a.outcome || result.Refused != a.refused {
		t.Errorf("%s: outcome %s with %d refused, not %s with %d", a.does, result.Outcome, result.Refused, a.outcome, a.refused)
	}
	if (a.notes == "") != (notes == "") || !strings.Contains(notes, a.notes) {
		t.Errorf("%s: notes %q, not %q", a.does, notes, a.notes)
	}
	if diff := cmp.Diff(a.standing, n.deliveries(t)); diff != "" {
		t.Errorf("%s:\n%s", a.does, diff)
	}
	werk := n.rows(t, "select peildatum::varchar, sum(personen)::varchar, sum(uren)::varchar from marts.werk group by all order by all")
	if diff := cmp.Diff(a.werk, werk); diff != "" {
		t.Errorf("%s:\n%s", a.does, diff)
	}
	if remains, err := nightRemains(n.data); err != nil || len(remains) > 0 {
		t.Errorf("%s: left behind %v, %v", a.does, remains, err)
	}
	if again := n.run(t); again.Outcome != mart.NothingToDo || again.Refused != a.refused {
		t.Errorf("%s: the run after it says %s with %d refused", a.does, again.Outcome, again.Refused)
	}
}

// Order of receipt, repeats, corrections, refusals and withdrawals over a row of nights. The
// deliveries are about one peildatum, and differ in who is in them.
func TestReceipts(t *testing.T) {
	t.Parallel()
	texts := nightFiles(t)
	banen := texts["first/banen_20200930.csv"]
	head, first, _ := strings.Cut(texts["first/personen_20200930.csv"], "\n")
	persons := func(n int) string { return head + "\n" + strings.Join(strings.SplitAfter(first, "\n")[:n], "") }
	bad := head + "\n" + strings.Repeat("123;Laren;\n", 3)
	nothing := func(*testing.T, *nightCase) {}
	file := func(name, text string, minutes int) func(t *testing.T, n *nightCase) {
		return func(t *testing.T, n *nightCase) { n.deliver(t, "personen", name, text, minutes) }
	}
	acts := []nightAct{
		{
			does: "the first deliveries", do: func(t *testing.T, n *nightCase) {
				n.deliver(t, "banen", "banen_20200930.csv", banen, 0)
				n.deliver(t, "personen", "personen_20200930_a.csv", persons(10), 1)
			}, outcome: mart.Published,
			standing: []string{"banen_20200930.csv|aanvaard", "personen_20200930_a.csv|aanvaard"}, werk: []string{"2020-09-30|10|130.00"},
		},
		{
			does: "a correction replaces it", do: file("personen_20200930_b.csv", persons(12), 2), outcome: mart.Published,
			standing: []string{"banen_20200930.csv|aanvaard", "personen_20200930_a.csv|vervangen", "personen_20200930_b.csv|aanvaard"},
			werk:     []string{"2020-09-30|12|168.00"},
		},
		{
			does: "the bytes in force, under another name", do: file("personen_20200930_c.csv", persons(12), 3), outcome: mart.NothingToDo,
			notes:    "personen_20200930_c.csv",
			standing: []string{"banen_20200930.csv|aanvaard", "personen_20200930_a.csv|vervangen", "personen_20200930_b.csv|aanvaard"},
			werk:     []string{"2020-09-30|12|168.00"},
		},
		{
			does: "the bytes that were replaced come back", do: file("personen_20200930_d.csv", persons(10), 4), outcome: mart.Published,
			standing: []string{"banen_20200930.csv|aanvaard", "personen_20200930_b.csv|vervangen", "personen_20200930_d.csv|aanvaard"},
			werk:     []string{"2020-09-30|10|130.00"},
		},
		{
			does: "one is refused, and another source carries on", do: func(t *testing.T, n *nightCase) {
				n.deliver(t, "personen", "personen_20200930_e.csv", bad, 5)
				n.deliver(t, "banen", "banen_20200930_b.csv", banen+"B900;"+strings.Split(banen, ";")[3]+";10\n", 5)
			}, outcome: mart.Published, refused: 1,
			standing: []string{
				"banen_20200930.csv|vervangen", "banen_20200930_b.csv|aanvaard",
				"personen_20200930_b.csv|vervangen", "personen_20200930_d.csv|aanvaard", "personen_20200930_e.csv|geweigerd",
			},
			werk: []string{"2020-09-30|10|140.00"},
		},
		{
			does: "the refused one is received again and judged anew", do: file("personen_20200930_f.csv", bad, 6), outcome: mart.Published, refused: 1,
			standing: []string{
				"banen_20200930.csv|vervangen", "banen_20200930_b.csv|aanvaard",
				"personen_20200930_b.csv|vervangen", "personen_20200930_d.csv|aanvaard", "personen_20200930_f.csv|geweigerd",
			},
			werk: []string{"2020-09-30|10|140.00"},
		},
		{
			does: "what is in force is withdrawn, and the one before it counts", do: func(t *testing.T, n *nightCase) {
				n.withdraw(t, "personen", n.delivery(t, "personen_20200930_d.csv").ID)
			}, outcome: mart.Published, refused: 1,
			standing: []string{
				"banen_20200930.csv|vervangen", "banen_20200930_b.csv|aanvaard",
				"personen_20200930_b.csv|aanvaard", "personen_20200930_d.csv|ingetrokken", "personen_20200930_f.csv|geweigerd",
			},
			werk: []string{"2020-09-30|12|178.00"},
		},
		{
			does: "what was withdrawn is received again", do: file("personen_20200930_d.csv", persons(10), 4), outcome: mart.Published, refused: 1,
			standing: []string{
				"banen_20200930.csv|vervangen", "banen_20200930_b.csv|aanvaard",
				"personen_20200930_b.csv|vervangen", "personen_20200930_d.csv|aanvaard", "personen_20200930_f.csv|geweigerd",
			},
			werk: []string{"2020-09-30|10|140.00"},
		},
		{
			does: "two in one night: the one written last counts, whatever their names", do: func(t *testing.T, n *nightCase) {
				n.deliver(t, "personen", "personen_20200930_g.csv", persons(7), 9)
				n.deliver(t, "personen", "personen_20200930_h.csv", persons(6), 8)
			}, outcome: mart.Published, refused: 1,
			standing: []string{
				"banen_20200930.csv|vervangen", "banen_20200930_b.csv|aanvaard",
				"personen_20200930_b.csv|vervangen", "personen_20200930_d.csv|vervangen", "personen_20200930_f.csv|geweigerd",
				"personen_20200930_g.csv|aanvaard", "personen_20200930_h.csv|vervangen",
			},
			werk: []string{"2020-09-30|7|90.50"},
		},
		{
			does: "two written at the same time: the last name counts", do: func(t *testing.T, n *nightCase) {
				n.deliver(t, "personen", "personen_20200930_j.csv", persons(4), 10)
				n.deliver(t, "personen", "personen_20200930_i.csv", persons(5), 10)
			}, outcome: mart.Published, refused: 1,
			standing: []string{
				"banen_20200930.csv|vervangen", "banen_20200930_b.csv|aanvaard",
				"personen_20200930_b.csv|vervangen", "personen_20200930_d.csv|vervangen", "personen_20200930_f.csv|geweigerd",
				"personen_20200930_g.csv|vervangen", "personen_20200930_h.csv|vervangen", "personen_20200930_i.csv|vervangen", "personen_20200930_j.csv|aanvaard",
			},
			werk: []string{"2020-09-30|4|50.00"},
		},
	}
	n := newNight(t, nightProject(t, nil))
	for _, a := range acts {
		a.play(t, &n)
	}
	nightAct{does: "nothing", do: nothing, outcome: mart.NothingToDo, refused: 1, standing: acts[len(acts)-1].standing, werk: acts[len(acts)-1].werk}.play(t, &n)
}

// A delivery is judged by the contract of today, as long as its original is there.
func TestJudgedByTheContractOfToday(t *testing.T) {
	t.Parallel()
	contract := nightFiles(t)["project/sources/banen.yaml"]
	changed := func(old, text string) string {
		if !strings.Contains(contract, old) {
			t.Fatalf("the contract holds no %q", old)
		}
		return nightProject(t, map[string]string{"project/sources/banen.yaml": strings.Replace(contract, old, text, 1)})
	}
	loose := changed("columns:", "limits: {quarantined: 50%, elfproef: 50%}\ncolumns:")
	strict := changed(`max: "48"`, `max: "20"`)
	standing := func(march, june string) []string {
		return []string{
			"banen_20200930.csv|aanvaard", "banen_20201231.csv|" + strings.Split(march, " ")[0], "banen_20210331.csv|" + strings.Split(march, " ")[1], "banen_20210630.csv|" + june,
			"personen_20200930.csv|vervangen", "personen_20200930_correctie.csv|aanvaard", "personen_20201231.csv|aanvaard", "personen_20210331.csv|aanvaard",
		}
	}
	n := newNight(t, nightProject(t, nil))
	first := n.project
	n.first(t)
	n.publishes(t)
	want := []string{"2020-09-30|23|168.00", "2020-12-31|25|266.00", "2021-03-31|25|294.00"}
	nightAct{
		does: "judged", do: func(t *testing.T, n *nightCase) { n.second(t) }, outcome: mart.Published, refused: 1,
		standing: standing("aanvaard aanvaard", "geweigerd"), werk: want,
	}.play(t, &n)
	nightAct{
		does: "a contract that allows more", do: func(_ *testing.T, n *nightCase) { n.project = loose }, outcome: mart.Published,
		standing: standing("aanvaard aanvaard", "aanvaard"), werk: append(slices.Clone(want), "2021-06-30|25|190.00"),
	}.play(t, &n)
	nightAct{
		does: "a contract that allows less", do: func(_ *testing.T, n *nightCase) { n.project = strict }, outcome: mart.Published, refused: 3,
		standing: standing("geweigerd geweigerd", "geweigerd"), werk: []string{"2020-09-30|23|168.00", "2020-12-31|25|150.00", "2021-03-31|25|115.50"},
	}.play(t, &n)
	nightAct{
		does: "the first contract", do: func(_ *testing.T, n *nightCase) { n.project = first }, outcome: mart.Published, refused: 1,
		standing: standing("aanvaard aanvaard", "geweigerd"), werk: want,
	}.play(t, &n)

	d := n.delivery(t, "banen_20201231.csv")
	nightRemove(t, d.Original(n.data))
	n.project = strict
	result := n.waits(t)
	if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, d.ID) {
		t.Errorf("notes %q do not name the delivery without its original", notes)
	}
	approved(t, nightOptions(n.data, n.project), result)
	if diff := cmp.Diff(standing("aanvaard geweigerd", "geweigerd"), n.deliveries(t)); diff != "" {
		t.Error(diff)
	}
}
