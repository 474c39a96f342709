package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/records"
)

// TestFacts tells of a delivery that differs in every way.
func TestFacts(t *testing.T) {
	t.Parallel()
	v := inspect.DeliveryView{
		Load: &lake.Load{
			Form:    records.Form{Shape: records.XLSX, Sheet: "Blad1"},
			Balance: lake.Balance{Hersteld: 3, Voorloopnul: 2}, Pakbon: "x", Total: &records.Totaal{Regel: 9, Count: new(int64(5))},
			Header: records.Header{
				Found: true, Regel: 3, Second: 5, Fields: 7, Reordered: true, Missing: []string{"A"}, Absent: []string{"B", "C"},
				Unknown: []string{"D"}, Renamed: []string{"E (F)"}, Repeated: []string{"G"},
			},
		},
		Changes: []lake.ShareChange{{Column: "H", Before: 10, Now: 90}, {Column: "I", Notation: lake.NotationDay, Now: 100}}, Tolerated: []string{"new", "absent B"},
	}
	want := []inspect.Fact{
		{Name: "form", Value: "xlsx, sheet Blad1"},
		{Name: "header", Value: "lines 3 and 5, 7 fields"},
		{Name: "repaired", Value: "3 BSNs, of which 2 had lost a zero"},
		{Name: "missing columns", Value: "A"},
		{Name: "absent columns", Value: "B; C"},
		{Name: "new columns", Value: "D"},
		{Name: "renamed columns", Value: "E (F)"},
		{Name: "repeated columns", Value: "G"},
		{Name: "order", Value: "not that of the contract"},
		{Name: "other share", Value: "H filled in: 90%, before 10%"},
		{Name: "other share", Value: "I written dd-mm-jjjj: 100%, before 0%"},
		{Name: "tolerated", Value: "new; absent B"},
		{Name: "pakbon", Value: "came with it"},
		{Name: "total line", Value: "line 9 counts 5"},
	}
	if diff := cmp.Diff(want, v.Facts()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
