package dashboard

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

// pages are templates by name, each with the layout around it.
type pages map[string]*template.Template

func parsePages(zone *time.Location) (pages, error) {
	layout, err := template.New("").Funcs(words(zone)).ParseFS(pageFiles, "pages/layout.html", "pages/delen.html")
	if err != nil {
		return nil, err
	}
	all := pages{}
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

func (p pages) render(name string, v any) ([]byte, error) {
	var b bytes.Buffer
	err := p[name].ExecuteTemplate(&b, "layout", map[string]any{"Page": name, "View": v})
	return b.Bytes(), err
}

var months = [...]string{
	"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
}

var weekdays = [...]string{"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"}

func day(t time.Time) string { return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year()) }

// words are the functions of the templates: how Dutch writes dates, times and numbers.
func words(zone *time.Location) template.FuncMap {
	return template.FuncMap{
		"moment":  func(t time.Time) string { return day(t.In(zone)) + t.In(zone).Format(", 15.04 uur") },
		"weekdag": func(t time.Time) string { return weekdays[t.In(zone).Weekday()] },
		"iso":     func(t time.Time) string { return t.In(zone).Format(time.RFC3339) },
		"datum": func(iso string) string {
			t, err := time.Parse(time.DateOnly, iso)
			if err != nil {
				return iso
			}
			return day(t)
		},
		"geleden": func(t, now time.Time) string { return span(now.Sub(t)) },
		"duur":    lasted,
		"seconden": func(s float64) string {
			return strings.Replace(strconv.FormatFloat(s, 'f', 1, 64), ".", ",", 1) + " s"
		},
		"getal":    func(n any) string { return grouped(fmt.Sprint(n)) },
		"omvang":   size,
		"bijlagen": func(list []string) string { return strings.Join(list, "; ") },
		"aantal": func(by map[string]int, key string) int {
			return by[key]
		},
	}
}

// span is a length of time in words, in its largest unit.
func span(d time.Duration) string {
	unit := func(n int, one, more string) string {
		if n == 1 {
			return "1 " + one
		}
		return grouped(strconv.Itoa(n)) + " " + more
	}
	switch {
	case d < time.Minute:
		return "minder dan een minuut"
	case d < time.Hour:
		return unit(int(d/time.Minute), "minuut", "minuten")
	case d < 48*time.Hour:
		return unit(int(d/time.Hour), "uur", "uur")
	}
	return unit(int(d/(24*time.Hour)), "dag", "dagen")
}

func lasted(from time.Time, to *time.Time) string {
	if to == nil {
		return "–"
	}
	d := to.Sub(from)
	if d < time.Minute {
		return strings.Replace(strconv.FormatFloat(max(d.Seconds(), 0), 'f', 1, 64), ".", ",", 1) + " s"
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// grouped writes a whole number with dots for thousands.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "." + digits[i:]
	}
	return digits
}

func size(bytes int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	n, i := float64(bytes), 0
	for n >= 1000 && i < len(units)-1 {
		n, i = n/1000, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return strings.Replace(strconv.FormatFloat(n, 'f', 1, 64), ".", ",", 1) + " " + units[i]
}
