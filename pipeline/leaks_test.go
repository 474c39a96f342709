package pipeline

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/mart"
)

// leakProject takes text from deliveries as far as a mart and core.
var leakProject = map[string]string{
	"inbeeld.yaml": "standalone: true\ntitle: Leden\ndescription: Klein project met vrije tekst.\n",
	"sources/leden.yaml": `description: Leden
supplier: proef
owner: proef
match: 'leden_(?P<peildatum>\d{8}).*\.csv'
key: [lid]
columns:
  - {name: Lid, as: lid, type: text, required: true}
  - {name: BSN, as: persoon_id, type: bsn, required: true}
  - {name: Opmerking, as: opmerking, type: text}
  - {name: Notitie, as: notitie, type: text}
`,
	"sources/gasten.yaml": `description: Gasten
supplier: proef
owner: proef
optional: true
match: 'gasten_(?P<peildatum>\d{8}).*\.csv'
key: [gast]
columns:
  - {name: Gast, as: gast, type: bsn, required: true}
`,
	"sql/staging/leden.sql": "-- description: Leden.\n-- grain: [peildatum, lid]\n-- per: peildatum\nselect getvariable('peildatum')::date as peildatum, lid, persoon_id, opmerking, notitie from raw.leden\n",
	"sql/core/leden.sql":    "-- description: Leden.\n-- grain: [peildatum, lid]\n-- per: peildatum\nselect peildatum, lid, persoon_id, opmerking, notitie from staging.leden\n",
	"sql/marts/leden.sql": "-- description: Leden.\n-- grain: [peildatum, lid]\n-- per: peildatum\n-- intern: true\n-- columns:\n--   peildatum: Dag.\n--   lid: Lid.\n--   persoon_id: Pseudoniem.\n--   opmerking: Tekst.\n" +
		"select peildatum, lid, persoon_id, opmerking from core.leden\n",
	"sql/marts/aantal.sql": "-- description: Aantal.\n-- grain: [peildatum]\n-- per: peildatum\n-- columns:\n--   peildatum: Dag.\n--   leden: Leden.\nselect peildatum, count(*) as leden from staging.leden group by peildatum\n",
}

// TestBSNInWhatIsPublished plants numbers in texts that reach a mart, and in one that reaches core only.
func TestBSNInWhatIsPublished(t *testing.T) {
	t.Parallel()
	project := t.TempDir()
	for name, text := range leakProject {
		nightWrite(t, filepath.Join(project, name), text)
	}
	for _, c := range []struct {
		name, opmerking, notitie string
		blocked                  []string // check and group
	}{
		{name: "dotted", opmerking: "dochter van 1234.56.782", blocked: []string{"core.leden.geen_bsn opmerking", "marts.leden.geen_bsn opmerking"}},
		{name: "spaced", opmerking: "12 34 56 782!", blocked: []string{"core.leden.geen_bsn opmerking", "marts.leden.geen_bsn opmerking"}},
		{name: "without its zero", opmerking: "zie 10000008", blocked: []string{"core.leden.geen_bsn opmerking", "marts.leden.geen_bsn opmerking"}},
		{name: "of another source", opmerking: "woont bij 111222333", blocked: []string{"core.leden.geen_bsn opmerking", "marts.leden.geen_bsn opmerking"}},
		{name: "in the warehouse only", notitie: "zie 10000008", blocked: []string{"core.leden.geen_bsn notitie"}},
		{name: "of nobody known", opmerking: "999990019 of 1000.00.016"},
		{name: "no BSN", opmerking: "123456789 en 20201231, 1112223330"},
		{name: "in a hash", opmerking: "2020-12-31-a10000008bcd 00000000000000000000000a10000008 550e8400-e29b-41d4-a716-010000008abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, project)
			n.deliver(t, "gasten", "gasten_20201231.csv", "Gast\n111222333\n", 1)
			n.deliver(t, "leden", "leden_20201231.csv", "Lid;BSN;Opmerking;Notitie\na;123456782;"+c.opmerking+";"+c.notitie+"\nb;010000008;;\n", 2)
			result, err := Run(t.Context(), nightOptions(n.data, n.project))
			if err != nil {
				t.Fatal(err)
			}
			var blocked []string
			for _, f := range result.Findings {
				blocked = append(blocked, f.Check+" "+f.Group)
				if f.Ernst != "blokkerend" || strings.ContainsAny(f.Text, "123456789") {
					t.Errorf("finding %+v", f)
				}
			}
			if !slices.Equal(blocked, c.blocked) || len(result.Blocks) != len(c.blocked) {
				t.Errorf("blocked by %v and %v, want %v", blocked, result.Blocks, c.blocked)
			}
			if want := map[bool]mart.Outcome{true: mart.Blocked, false: mart.Published}[len(c.blocked) > 0]; result.Outcome != want {
				t.Errorf("outcome %s, want %s", result.Outcome, want)
			}
			if files := n.published(t); (len(files) > 0) == (len(c.blocked) > 0) {
				t.Errorf("%d files are published", len(files))
			}
		})
	}
}
