package pipeline

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/testing/need"
)

// nightRewrite does one rewrite.
func nightRewrite(ctx context.Context, o Options, kind string) error {
	if kind == datadir.Rotation {
		_, err := persons.Rotate(ctx, o.Scope, siteOf(o), "test", "proef")
		return err
	}
	_, err := persons.Erase(ctx, o.Scope, siteOf(o), erasedBSN, "test", "proef")
	return err
}

// A rewrite that is killed anywhere is undone or finished by the next run, or by a repeat. In between,
// a reader sees all of it, nothing of it, or is refused.
func TestRewriteKilled(t *testing.T) {
	t.Parallel()
	n, _, second := twoNights(t)
	digits, _ := pseudonym.Normalise(erasedBSN)
	gone := map[string][]string{datadir.Rotation: n.ids(t), datadir.Erasure: {n.key(t).Pseudonym(digits), "B008"}}
	for _, kind := range []string{datadir.Rotation, datadir.Erasure} {
		var points []string
		o := nightOptions(n.copy(t).data, n.project)
		o.Crash = func(at string) { points = append(points, at) }
		if err := nightRewrite(t.Context(), o, kind); err != nil {
			t.Fatal(err)
		}
		switched := slices.Index(points, "rewrite switched")
		for _, want := range []string{"rewrite begun", "rewrite made", "rewrite between lakes", "rewrite key", "rewrite versions", "rewrite warehouse", "rewrite end"} {
			if switched < 0 || !slices.Contains(points, want) {
				t.Fatalf("a %s does not pass %q: %v", kind, want, points)
			}
		}
		for i, at := range points {
			if i%need.Count(3, 1) > 0 {
				continue
			}
			t.Run(kind+" "+at, func(t *testing.T) {
				killed := n.copy(t)
				if err := nightCommand(t.Context(), nightOrder{Data: killed.data, Project: killed.project, KillAt: i + 1, Rewrite: kind}).Run(); err == nil {
					t.Fatal("it was not killed")
				}
				half := i >= switched && at != "rewrite end"
				_, err := inspect.MakePlan(t.Context(), nightOptions(killed.data, killed.project).Scope, nightOptions(killed.data, killed.project).Publish, nightOptions(killed.data, killed.project).Fresh)
				var misuse *usage.Error
				if errors.As(err, &misuse) && strings.Contains(err.Error(), "finish it with: inbeeld run") != half || (err != nil) != half {
					t.Errorf("a plan says %v", err)
				}
				byRun := i%2 == 1
				if byRun {
					killed.run(t)
				} else if err := nightRewrite(t.Context(), nightOptions(killed.data, killed.project), kind); err != nil {
					t.Fatal(err)
				}
				killed.rewritten(t, second)
				if i >= switched || !byRun {
					killed.nowhere(t, gone[kind])
				} else if !maps.Equal(killed.published(t), second) {
					t.Error("what was undone changed what is published")
				}
			})
		}
	}
}

// rewritten judges a data directory after a rewrite, done or undone.
func (n nightCase) rewritten(t *testing.T, want map[string]string) {
	t.Helper()
	if result := n.run(t); result.Outcome != mart.Published && result.Outcome != mart.NothingToDo {
		t.Errorf("the run after it: %s", result.Outcome)
	}
	if !maps.Equal(aggregates(n.published(t)), aggregates(want)) {
		t.Error("aggregates changed")
	}
	if err := nightWarehouse(t.Context(), n.data); err != nil {
		t.Error(err)
	}
	remains, err := nightRemains(n.data)
	for _, name := range []string{"lake.next", "lake.old", "secrets/rewrite.json", "secrets/pseudonym.key.next"} {
		if _, err := os.Stat(n.path(name)); err == nil {
			remains = append(remains, name)
		}
	}
	if err != nil || len(remains) > 0 {
		t.Errorf("left behind %v, %v", remains, err)
	}
}
