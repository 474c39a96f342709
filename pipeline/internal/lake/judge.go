package lake

import (
	"fmt"
	"math/big"
	"strings"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources"
)

// judgeLoad accepts or refuses a delivery. Only what stands here refuses one. Who accepted it sets
// limits aside, and nothing else.
func Judge(c *sources.Contract, l *Load, accepted bool) {
	data := l.Balance.Geladen + l.Balance.InQuarantaine
	// what the pakbon refuses stands there already
	switch {
	case !l.Header.Found:
		where := "geen kopregel gevonden in de eerste 50 records"
		if l.Form.Shape == records.JSON || l.Form.Shape == records.JSONLines || l.Form.Shape == records.Parquet {
			where = "te weinig kolommen herkend"
		}
		l.Reasons = append(l.Reasons, fmt.Sprintf("%s; verwacht: %s", where, strings.Join(requiredNames(c), ", ")))
	case data == 0:
		l.Reasons = append(l.Reasons, "geen gegevensregels")
	}
	for _, name := range l.Header.Missing {
		l.Reasons = append(l.Reasons, fmt.Sprintf("verplichte kolom %s ontbreekt", name))
	}
	grave := len(l.Reasons)
	if exceeds(l.Balance.InQuarantaine, data, c.Limits.Quarantined) && l.Balance.InQuarantaine >= c.Limits.Minimum {
		l.Reasons = append(l.Reasons, fmt.Sprintf("%d van %d records in quarantaine (grens %s%%)", l.Balance.InQuarantaine, data, percent(c.Limits.Quarantined)))
	}
	if exceeds(l.Elfproef, data, c.Limits.Elfproef) && l.Elfproef >= c.Limits.Minimum {
		l.Reasons = append(l.Reasons, fmt.Sprintf("%d van %d BSN's voldoen niet aan de elfproef (grens %s%%)", l.Elfproef, data, percent(c.Limits.Elfproef)))
	}
	l.Lenient = grave == 0 && len(l.Reasons) > 0 && l.Balance.Closes()
	if !l.Balance.Closes() {
		l.Reasons = append(l.Reasons, fmt.Sprintf("de telling sluit niet: %d records, maar %d geladen, %d in quarantaine en %d geen gegevens",
			l.Balance.Records, l.Balance.Geladen, l.Balance.InQuarantaine, l.Balance.NietData))
	}
	l.Accepted = len(l.Reasons) == 0 || accepted && l.Lenient
}

func requiredNames(c *sources.Contract) []string {
	var names []string
	for _, col := range c.Columns {
		if col.Required {
			names = append(names, col.Name)
		}
	}
	return names
}

// exceeds tells whether part/whole is more than limit, exactly.
func exceeds(part, whole int64, limit *big.Rat) bool {
	return whole > 0 && big.NewRat(part, whole).Cmp(limit) > 0
}

func percent(r *big.Rat) string {
	return dutch.Plain(new(big.Rat).Mul(r, big.NewRat(100, 1)).FloatString(2))
}

// amount writes a number as a supplier finds it in a file.
func amount(r *big.Rat) string { return dutch.Plain(r.FloatString(15)) }
