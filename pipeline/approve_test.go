package pipeline

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/testing/need"
	"inbeeld/sources/delivery"
)

func (n nightCase) approve(t testing.TB, run string) error {
	t.Helper()
	return Approve(t.Context(), nightOptions(n.data, n.project), run, "beheer", "afgestemd")
}

// TestApproveRefused: an approval is of exactly what was held.
func TestApproveRefused(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	published := n.publishes(t).Run.ID
	n.project = redefined(t)
	run := n.waits(t).Run.ID
	for _, c := range []struct {
		name, run, want string
		do              func(*testing.T, *nightCase)
	}{
		{"no such run", "20200101T000000Z", "no run 20200101T000000Z", nil},
		{"a run that published", published, "does not wait for approval: its outcome is published", nil},
		{"the project changed back", run, "would no longer publish", func(t *testing.T, n *nightCase) { n.project = nightProject(t, nil) }},
		{"a delivery in the inbox", run, "because of 4 deliveries", func(t *testing.T, n *nightCase) { n.second(t) }},
		{"another run held more", run, "waits now", func(t *testing.T, n *nightCase) {
			n.second(t)
			if held := n.waits(t).Run; len(held.Hold.Deliveries) == 0 {
				t.Errorf("the deliveries that came with it are not named: %+v", held.Hold)
			}
			if why := n.status(t).Blocked.Why[0]; !strings.Contains(why, "een andere definitie (sql/marts/werk.sql), of nieuwe leveringen (banen/2021-03-31-") {
				t.Errorf("status %q", why)
			}
		}},
		{"another run published", run, "with outcome published", func(t *testing.T, n *nightCase) {
			n.project = nightProject(t, nil)
			n.second(t)
			n.publishes(t)
		}},
		{"an earlier version is pinned", run, "is pinned", func(t *testing.T, n *nightCase) {
			if err := (mart.Store{Dir: n.path("marts")}).SetPin(mart.Pin{Version: published, Applied: true}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := n.copy(t)
			if c.do != nil {
				c.do(t, &n)
			}
			var misuse *usage.Error
			if err := n.approve(t, c.run); !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if decided, err := delivery.ReadDecisions(n.data); err != nil || len(decided) > 0 {
				t.Errorf("decided %v, %v", decided, err)
			}
		})
	}
	for _, o := range [][2]string{{"", "reden"}, {"wie", " "}} {
		var misuse *usage.Error
		if err := Approve(t.Context(), nightOptions(n.data, n.project), run, o[0], o[1]); !errors.As(err, &misuse) {
			t.Errorf("who %q, reason %q: %v", o[0], o[1], err)
		}
	}
	// What came after the approval is held anew.
	late := n.copy(t)
	if err := late.approve(t, run); err != nil {
		t.Fatal(err)
	}
	late.second(t)
	late.waits(t)
}

// TestApproveKilled: an approval that is killed between any two steps is finished by a repeat, and by the
// next run.
func TestApproveKilled(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	n.project = redefined(t)
	run := n.waits(t).Run.ID
	before := n.published(t)
	done := n.copy(t)
	if err := done.approve(t, run); err != nil {
		t.Fatal(err)
	}
	done.publishes(t)
	after := done.published(t)
	if maps.Equal(before, after) {
		t.Fatal("the approval publishes nothing")
	}
	const points = 11
	for at := 1; at <= points; at += need.Count(3, 1) {
		killed := n.copy(t)
		if err := nightCommand(t.Context(), nightOrder{Data: killed.data, Project: killed.project, KillAt: at, Approve: run}).Run(); !nightKilled(err) {
			t.Fatalf("point %d: %v", at, err)
		}
		if now := killed.published(t); !maps.Equal(now, before) && !maps.Equal(now, after) {
			t.Errorf("point %d: something else is published", at)
		}
		again := killed.copy(t)
		if result := killed.run(t); result.Outcome != mart.Published && result.Outcome != mart.NothingToDo {
			t.Errorf("point %d: the next run says %s", at, result.Outcome)
		}
		if err := again.approve(t, run); err != nil {
			t.Errorf("point %d: the repeat says %v", at, err)
		}
		again.run(t)
		for _, one := range []nightCase{killed, again} {
			if diff := cmp.Diff(after, one.published(t)); diff != "" {
				t.Errorf("point %d: %s", at, diff)
			}
			if decided, err := delivery.ReadDecisions(one.data); err != nil || len(decided) != 1 {
				t.Errorf("point %d: decided %v, %v", at, decided, err)
			}
		}
	}
}
