package pipeline

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sql/quote"
)

// aggregates are what is published that is not about persons.
func aggregates(published map[string]string) map[string]string {
	kept := maps.Clone(published)
	maps.DeleteFunc(kept, func(name, _ string) bool {
		return strings.Contains(name, "intern/") || name == "datapackage.json" || name == "manifest.json"
	})
	return kept
}

func (n nightCase) key(t *testing.T) *pseudonym.Key {
	t.Helper()
	key, err := pseudonym.ReadKey(n.path("secrets", "pseudonym.key"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// lakeBytes are the files of lake and quarantine.
func (n nightCase) lakeBytes(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"lake", "quarantine"} {
		err := filepath.WalkDir(n.path(folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			rel, _ := filepath.Rel(n.data, path)
			all[rel] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// loses takes parts away, and keeps the key as it is.
func (n nightCase) loses(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err := os.RemoveAll(n.path(part)); err != nil {
			t.Fatal(err)
		}
	}
}

func (n nightCase) rotate(t *testing.T) *persons.Rotated {
	t.Helper()
	done, err := persons.Rotate(t.Context(), nightOptions(n.data, n.project).Scope, siteOf(nightOptions(n.data, n.project)), "test", "de sleutel is gelekt")
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// ids are the pseudonyms in the lake.
func (n nightCase) ids(t *testing.T) []string {
	t.Helper()
	rows, err := reading(t).Rows(t.Context(), "select distinct persoon_id from read_parquet("+quote.Literal(n.path("lake", "*", "*.parquet"))+", union_by_name = true) where persoon_id is not null")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, *r[0])
	}
	return ids
}

// nowhere fails when one of some texts is in a file under the data directory but in a folder that is
// excepted.
func (n nightCase) nowhere(t *testing.T, texts []string, except ...string) {
	t.Helper()
	s := &textSearch{scratch: t.TempDir(), session: reading(t)}
	found, err := s.below(t.Context(), n.data, texts, except...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found[:min(10, len(found))] {
		t.Error(f)
	}
}

// secretsOf returns the number of secrets of a key: one more than the number of rotations.
func secretsOf(k *pseudonym.Key) int { return bytes.Count(k.Text(), []byte("\n")) }

// After a rotation nothing holds an old pseudonym, the lake is what a load of the originals by the new key
// makes, byte for byte, and the aggregates are as they were.
func TestRotate(t *testing.T) {
	t.Parallel()
	n, _, second := twoNights(t)
	before := n.ids(t)
	done := n.rotate(t)
	if key := n.key(t); secretsOf(key) != 2 || key.Fingerprint() != done.To || done.From == done.To {
		t.Errorf("key %v of %d secrets after %+v", key, secretsOf(key), done)
	}
	n.nowhere(t, before)
	if remains, err := nightRemains(n.data); err != nil || len(remains) > 0 {
		t.Errorf("left behind %v, %v", remains, err)
	}
	if got := n.published(t); !maps.Equal(aggregates(got), aggregates(second)) {
		t.Error("a rotation changed aggregates")
	}
	if _, err := (mart.Store{Dir: n.path("marts")}).Intact(t.Context(), n.status(t).Version); err != nil {
		t.Error(err)
	}
	n.publishes(t)
	n.nowhere(t, before)
	after := n.published(t)
	if !maps.Equal(aggregates(after), aggregates(second)) {
		t.Error("the run after a rotation changed aggregates")
	}
	if maps.Equal(after, second) {
		t.Error("marts about persons are as they were")
	}
	if result := n.run(t); result.Outcome != mart.NothingToDo {
		t.Errorf("the run after it: %s", result.Outcome)
	}
	lake := n.lakeBytes(t)
	n.loses(t, "lake", "quarantine", "stand", "marts", "warehouse.duckdb")
	n.publishes(t)
	if got := n.lakeBytes(t); !maps.Equal(got, lake) {
		for name := range lake {
			if got[name] != lake[name] {
				t.Errorf("%s is not what a load makes", name)
			}
		}
	}
	if !maps.Equal(n.published(t), after) {
		t.Error("from scratch, something else is published")
	}
}

func TestRotateTwice(t *testing.T) {
	t.Parallel()
	n, _, second := twoNights(t)
	n.rotate(t)
	n.rotate(t)
	if got := secretsOf(n.key(t)); got != 3 {
		t.Errorf("%d secrets", got)
	}
	n.publishes(t)
	if !maps.Equal(aggregates(n.published(t)), aggregates(second)) {
		t.Error("aggregates changed")
	}
}

func TestRotateRefused(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	for name, c := range map[string]struct {
		who, reason, want string
		make              func()
	}{
		"no reason": {"test", "", "--reason", func() {}},
		"no who":    {"", "gelekt", "--who", func() {}},
		"no key":    {"test", "gelekt", "there is no key", func() { n.loses(t, "secrets/pseudonym.key") }},
	} {
		c.make()
		_, err := persons.Rotate(t.Context(), nightOptions(n.data, n.project).Scope, siteOf(nightOptions(n.data, n.project)), c.who, c.reason)
		var misuse *usage.Error
		if !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// erased is a person of the nights, with a placement.
const erasedBSN = "999000093"

func (n nightCase) erase(t *testing.T, bsn string) *persons.Erased {
	t.Helper()
	done, err := persons.Erase(t.Context(), nightOptions(n.data, n.project).Scope, siteOf(nightOptions(n.data, n.project)), bsn, "test", "verzoek")
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// After an erasure nothing holds the person, nor what names the rows, and all aggregates are as they were, also
// from scratch.
func TestErase(t *testing.T) {
	t.Parallel()
	n, _, second := twoNights(t)
	digits, _ := pseudonym.Normalise(erasedBSN)
	person := n.key(t).Pseudonym(digits)
	if ids := n.ids(t); !slices.Contains(ids, person) {
		t.Fatal("the person is not there")
	}
	gone := []string{person, erasedBSN, "B008"}
	done := n.erase(t, erasedBSN)
	n.nowhere(t, gone)
	if done.Loads == 0 || done.Originals == 0 || done.Versions != 2 {
		t.Errorf("%+v", done)
	}
	if !maps.Equal(aggregates(n.published(t)), aggregates(second)) {
		t.Error("an erasure changed aggregates")
	}
	n.publishes(t)
	n.nowhere(t, gone)
	after := n.published(t)
	if !maps.Equal(aggregates(after), aggregates(second)) {
		t.Error("the run after an erasure changed aggregates")
	}
	n.loses(t, "stand", "marts", "warehouse.duckdb", "runs")
	n.publishes(t)
	if !maps.Equal(n.published(t), after) {
		t.Error("from scratch, something else is published")
	}
	n.nowhere(t, gone)
}

// For somebody who is not there the answer is the same, and the same files are written anew.
func TestEraseNobody(t *testing.T) {
	t.Parallel()
	n, _, _ := twoNights(t)
	other := n.copy(t)
	known, unknown := n.erase(t, erasedBSN), other.erase(t, "123456782")
	if *known != *unknown {
		t.Errorf("%+v of somebody known, %+v of somebody unknown", known, unknown)
	}
	a, b := n.names(t), other.names(t)
	for name := range a {
		if !b[name] && !strings.HasPrefix(name, "landing") {
			t.Errorf("%s is only there for somebody known", name)
		}
	}
	for name := range b {
		if !a[name] && !strings.HasPrefix(name, "landing") {
			t.Errorf("%s is only there for somebody unknown", name)
		}
	}
}

func (n nightCase) names(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(n.data, func(path string, _ fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(n.data, path)
		names[rel] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEraseRefused(t *testing.T) {
	t.Parallel()
	n, _, _ := twoNights(t)
	before := n.names(t)
	for _, c := range []struct{ bsn, who, reason, want string }{
		{"123456789", "test", "verzoek", "this is not a BSN"},
		{"", "test", "verzoek", "this is not a BSN"},
		{erasedBSN, "", "verzoek", "--who"},
		{erasedBSN, "test", "", "--reason"},
		{erasedBSN, "test", "verzoek van " + erasedBSN, "leave it out"},
	} {
		_, err := persons.Erase(t.Context(), nightOptions(n.data, n.project).Scope, siteOf(nightOptions(n.data, n.project)), c.bsn, c.who, c.reason)
		var misuse *usage.Error
		if !errors.As(err, &misuse) || !strings.Contains(err.Error(), c.want) || c.bsn != "" && strings.Contains(err.Error(), c.bsn) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if !maps.Equal(n.names(t), before) {
		t.Error("something was changed")
	}
}
