package publish

import (
	"math/big"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/sql/model"
)

// TestOver checks that a change exactly at a limit is within it.
func TestOver(t *testing.T) {
	t.Parallel()
	limit := func(n int64, percent bool) *model.Limit {
		text := big.NewInt(n).String()
		if percent {
			text += "%"
		}
		return &model.Limit{Text: text, Value: big.NewRat(n, 1), Percent: percent}
	}
	column := func(c ledger.ColumnChange) []ledger.ColumnChange {
		c.Column, c.Rows = "totaal", 1
		return []ledger.ColumnChange{c}
	}
	moved := func(l *model.Limit) model.Budget {
		return model.Budget{Moved: []model.MeasureLimit{{Column: "totaal", Limit: *l}}}
	}
	for _, c := range []struct {
		change ledger.Change
		budget model.Budget
		want   string
	}{
		{ledger.Change{Rows: 40, Removed: 2}, model.Budget{Removed: limit(5, true)}, ""},
		{ledger.Change{Rows: 39, Removed: 2}, model.Budget{Removed: limit(5, true)}, "2 rijen van de 39 verdwijnen (grens 5%)"},
		{ledger.Change{Rows: 39, Changed: 1}, model.Budget{Changed: limit(0, false)}, "1 rij van de 39 verandert (grens 0)"},
		{ledger.Change{Rows: 39, Changed: 1}, model.Budget{Changed: limit(1, false)}, ""},
		{ledger.Change{Rows: 0, Added: 1}, model.Budget{Added: limit(10, true)}, "1 rij van de 0 komt erbij (grens 10%)"},
		{ledger.Change{Rows: 7, Added: 2}, model.Budget{Removed: limit(0, false), Changed: limit(0, false)}, ""},
		{ledger.Change{Columns: column(ledger.ColumnChange{Largest: "3", Relative: "20"})}, moved(limit(20, true)), ""},
		{ledger.Change{Columns: column(ledger.ColumnChange{Largest: "7.5", Relative: "20.06"})}, moved(limit(20, true)), "kolom totaal verschuift met ten hoogste 7,5 en ten hoogste 20,1% (grens 20%)"},
		{ledger.Change{Columns: column(ledger.ColumnChange{Largest: "30", FromNothing: 1})}, moved(limit(500, true)), "kolom totaal verschuift met ten hoogste 30, ook van niets (grens 500%)"},
		{ledger.Change{Columns: column(ledger.ColumnChange{Largest: "3", FromNothing: 1})}, moved(limit(3, false)), ""},
		{ledger.Change{Columns: column(ledger.ColumnChange{Largest: "4"})}, moved(limit(3, false)), "kolom totaal verschuift met minder dan 5 (grens 3)"},
		{ledger.Change{Rows: 3, Gone: true, Removed: 3}, model.Budget{Removed: limit(100, true)}, "de tabel verdwijnt, met 3 rijen"},
		{ledger.Change{Lost: []string{"x"}}, model.Budget{}, "kolom x verdwijnt"},
	} {
		if got := strings.Join(over(c.change, c.budget), "; "); got != c.want {
			t.Errorf("%+v: %q, not %q", c.change, got, c.want)
		}
	}
}
