package dashboard

import (
	"embed"
	"fmt"
	"html/template"
	"math/big"
	"strings"
	"time"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/ledger"
)

//go:embed pages
var pageFiles embed.FS

// templates maps the name of a page to its template, with the layout around it.
type templates map[string]*template.Template

func parsePages(zone *time.Location) (templates, error) {
	layout, err := template.New("").Funcs(templateFuncs(zone)).ParseFS(pageFiles, "pages/layout.html", "pages/delen.html")
	if err != nil {
		return nil, err
	}
	all := templates{}
	for _, name := range []string{"overzicht", "leveringen", "bevindingen", "cijfers", "runs", "run", "fout"} {
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(pageFiles, "pages/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		all[name] = t
	}
	return all, nil
}

// templateFuncs returns the functions that write dates, times in a zone and numbers in Dutch.
func templateFuncs(zone *time.Location) template.FuncMap {
	return template.FuncMap{
		"moment":   func(t time.Time) string { return dutch.Moment(t.In(zone)) },
		"weekdag":  func(t time.Time) string { return dutch.Weekday(t.In(zone)) },
		"iso":      func(t time.Time) string { return t.In(zone).Format(time.RFC3339) },
		"datum":    dutch.Date,
		"geleden":  func(t, now time.Time) string { return dutch.Age(now.Sub(t)) },
		"duur":     duration,
		"seconden": func(s float64) string { return dutch.Float(s, 1) + " s" },
		"getal":    number,
		"geladen":  loaded,
		"omvang":   dutch.Size,
		"bijlagen": func(list []string) string { return strings.Join(list, "; ") },
	}
}

// duration writes how long a run took, or a dash if it has not ended.
func duration(from time.Time, to *time.Time) string {
	if to == nil {
		return "–"
	}
	return dutch.Duration(to.Sub(from))
}

// loaded writes how many records of a delivery were loaded and how many are in quarantine. It hides a
// number below five, and a number that would reveal it, except 0 in quarantine.
func loaded(d ledger.Loaded) (texts struct{ Loaded, Quarantined string }) {
	if d.InQuarantaine == 0 {
		texts.Loaded, texts.Quarantined = dutch.Integer(d.Geladen), "0"
		return texts
	}
	total := big.NewRat(d.Geladen+d.InQuarantaine, 1)
	texts.Loaded, _, _, _ = dutch.Part(big.NewRat(d.Geladen, 1), total)
	texts.Quarantined, _, _, _ = dutch.Part(big.NewRat(d.InQuarantaine, 1), total)
	return texts
}

// number writes an integer of any type with dots for thousands.
func number(n any) string {
	r, _ := new(big.Rat).SetString(fmt.Sprint(n))
	return dutch.Number(r, 0)
}
