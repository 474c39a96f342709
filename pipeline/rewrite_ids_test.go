package pipeline

import (
	"slices"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/sources/delivery"
)

// A rule that judges persons one by one brings their ids into findings, decisions and marts that
// are not about persons. There they follow too.
func TestRotateIdsInFindings(t *testing.T) {
	t.Parallel()
	project := nightProject(t, map[string]string{"project/checks/staging.personen.yaml": `- check: row_count
  name: regels
  per: persoon_id
  warn: {above: 0}
  notify: [datateam]
  explain: 'Persoon {persoon_id} heeft {waarde} regels.'
`})
	n := newNight(t, project)
	n.first(t)
	o := nightOptions(n.data, project)
	o.Publish.CSV, o.Alerts = true, nightAlerts(t.TempDir())
	publishes := func() {
		t.Helper()
		if result, err := Run(t.Context(), o); err != nil || result.Outcome != mart.Published {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	publishes()
	before := n.ids(t)
	err := delivery.WriteDecision(n.data, delivery.Decision{
		Sequence: 1000, Kind: delivery.Acknowledge, Alert: &delivery.Subject{Check: "staging.personen.regels", Group: before[0]}, Who: "test", Reason: "bekend", At: nightClock,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &textSearch{scratch: t.TempDir(), session: reading(t)}
	found, err := s.below(t.Context(), n.data, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"runs/", "decisions/", "bevindingen.parquet", "csv/bevindingen.csv"} {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, where) }) {
			t.Errorf("no id is in %s, so nothing is tried there", where)
		}
	}
	if _, err := persons.Rotate(t.Context(), o.Scope, siteOf(o), "test", "gelekt"); err != nil {
		t.Fatal(err)
	}
	n.nowhere(t, before)
	publishes()
	n.nowhere(t, before)
	set := func() string {
		t.Helper()
		_, m, err := mart.Store{Dir: n.path("marts")}.Current()
		if err != nil {
			t.Fatal(err)
		}
		return m.Set
	}
	after := set()
	n.loses(t, "stand", "marts", "warehouse.duckdb")
	publishes()
	if set() != after {
		t.Error("from scratch, something else is published")
	}
}
