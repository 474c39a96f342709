package pipeline

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/contract"
)

const driftContract = `description: proef
supplier: test
owner: datateam
match: 'bron_(?P<peildatum>\d{8})\.csv'
key: [nr]
tolerate: [new]
columns:
  - {name: Nr, as: nr, type: integer, required: true}
  - {name: BSN, as: persoon_id, type: bsn}
  - {name: Datum, as: datum, type: date, tolerate: [absent, shares]}
  - {name: Uren, as: uren, type: decimal}
  - {name: Sector, as: sector, type: code, values: [A, B]}
`

// TestShareChanges loads two files and holds the second against the first. "18 x;y" is that record 18
// times, behind a number.
func TestShareChanges(t *testing.T) {
	t.Parallel()
	c, faults := contract.Parse("sources/bron.yaml", []byte(driftContract))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	const head = "Nr;BSN;Datum;Uren;Sector"
	for _, tt := range []struct {
		name       string
		was, is    []string
		want, told []string
	}{
		{"nothing changed", []string{head, "20 123456782;2020-12-31;1,5;A"}, []string{head, "30 111222333;2020-01-01;2,5;B"}, nil, nil},
		{
			"every notation",
			[]string{head, "20 123456782;2020-12-31;1,5;A"},
			[]string{head, "6 10000008;31-12-2020;1.5;A", "6 111.222.333;20201231;1.5;A", "8 123456782;1-2-2020;1.5;A"},
			[]string{
				"BSN: vaker zonder de nul aan het begin (0% → 30%)", "BSN: vaker met spaties of punten (0% → 30%)",
				"Datum: vaker als dd-mm-jjjj (0% → 70%)", "Datum: vaker als jjjjmmdd (0% → 30%)", "Uren: vaker met een punt (0% → 100%)",
			},
			[]string{
				"BSN written without zero: 30%, before 0%", "BSN written with spaces: 30%, before 0%",
				"Datum written dd-mm-jjjj: 70%, before 0%", "Datum written jjjjmmdd: 30%, before 0%", "Uren written with point: 100%, before 0%",
			},
		},
		{
			"emptier and fuller",
			[]string{head, "27 ;;1,5;A", "3 ;2020-12-31;1,5;"},
			[]string{head, "24 ;2020-12-31;1,5;", "6 ;;;A"},
			[]string{"Datum: vaker gevuld (10% → 80%)", "Uren: vaker leeg (0% → 20%)", "Sector: vaker leeg (10% → 80%)"},
			[]string{"Datum filled in: 80%, before 10%", "Uren filled in: 80%, before 100%", "Sector filled in: 20%, before 90%"},
		},
		{"just ten points", []string{head, "20 ;;;A"}, []string{head, "18 ;;;A", "2 ;;;"}, []string{"Sector: vaker leeg (0% → 10%)"}, []string{"Sector filled in: 90%, before 100%"}},
		{"not ten points", []string{head, "21 ;;;A"}, []string{head, "19 ;;;A", "2 ;;;"}, nil, nil},
		{"few records", []string{head, "19 ;;;A"}, []string{head, "40 ;;;"}, nil, nil},
		{"few records now", []string{head, "40 ;;;A"}, []string{head, "19 ;;;"}, nil, nil},
		{"zeros are no date", []string{head, "20 ;;;A"}, []string{head, "10 ;00000000;;A", "10 ;00000000 00:00:00;;A"}, nil, nil},
		{"few dates", []string{head, "30 ;;;A", "19 ;2020-12-31;;A"}, []string{head, "30 ;;;A", "19 ;31-12-2020;;A"}, nil, nil},
		{"whole numbers have no notation", []string{head, "20 ;;1,5;A"}, []string{head, "20 ;;2;A"}, nil, nil},
		{"a column that is absent", []string{"Nr;BSN;Datum;Uren", "20 ;;"}, []string{head, "20 ;;;A"}, nil, nil},
		{"records that cannot be read do not count", []string{head, "20 ;;;A"}, []string{head, "20 ;;;A", "9 ;;;;"}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := testLoader(t)
			load := func(lines []string) *lake.Load {
				loaded, err := l.Load(t.Context(), c, landed(t, l, c.Name, []byte(driftFile(lines))))
				if err != nil {
					t.Fatal(err)
				}
				return loaded
			}
			changes := lake.ShareChanges(c, load(tt.was), load(tt.is))
			if diff := cmp.Diff(tt.want, lake.ShareTexts(changes)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var told []string
			for _, change := range changes {
				told = append(told, change.String())
			}
			if diff := cmp.Diff(tt.told, told); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got := lake.ShareChanges(c, nil, &lake.Load{Shares: &lake.Shares{}}); got != nil {
		t.Errorf("without a delivery before: %v", got)
	}
	if diff := cmp.Diff([]string{"nieuw", "afwezig Datum", "aandelen Datum"}, lake.ToleratedDrift(c, lake.DriftText)); diff != "" {
		t.Errorf("tolerated (-want +got)\n%s", diff)
	}
}

// driftFile makes a file of records that are repeated.
func driftFile(lines []string) string {
	text, n := lines[0]+"\n", 0
	for _, line := range lines[1:] {
		count, record, _ := strings.Cut(line, " ")
		for times, _ := strconv.Atoi(count); times > 0; times-- {
			n++
			text += strconv.Itoa(n) + ";" + record + "\n"
		}
	}
	return text
}
