package pipeline

import (
	"slices"
	"time"
)

// A popDelivery is a file with the night on which it comes.
type popDelivery struct {
	source, peildatum, text string
	night                   int
}

// deliveries are the files of all sources in the order in which they come: each source on dates of its
// own, some of them late, corrected or refused.
func (p *population) deliveries(s *truthStory, peildata int) []popDelivery {
	var days []time.Time
	day := p.begin
	for range peildata {
		days = append(days, day)
		if p.in(2) {
			day = time.Date(day.Year(), day.Month()+4, 0, 0, 0, 0, 0, time.UTC) // the end of a month, a quarter later
		} else {
			day = day.AddDate(0, 0, 1+p.IntN(120))
		}
	}
	apart := p.in(2) // each source has days of its own
	var out []popDelivery
	for _, source := range []string{"doelgroepregister", "sonar", "plaatsingen", "aanvragen", "clientenbestand", "uwv_trend"} {
		c := s.contracts[source]
		if c.Optional && p.in(3) {
			continue
		}
		for n, day := range days {
			if n > 0 && p.in(10) || c.Optional && p.in(3) {
				continue
			}
			if apart {
				day = day.AddDate(0, 0, p.IntN(21)-10)
			}
			d := popDelivery{source: source, peildatum: day.Format(time.DateOnly)}
			if n == len(days)-1 && n > 0 {
				d.night = 1
			}
			d.text = p.write(p.file(c, day))
			out = append(out, d)
			if p.in(6) { // a second file: corrected, or worse
				f := p.file(c, day)
				if p.in(2) {
					f.refuse = p.one("elfproef", "quarantaine", "kolom", "leeg")
				}
				d.text, d.night = p.write(f), p.IntN(2)
				out = append(out, d)
			}
		}
	}
	// By peildatum, as they come; some late.
	slices.SortStableFunc(out, func(a, b popDelivery) int {
		if a.peildatum < b.peildatum {
			return -1
		}
		if a.peildatum > b.peildatum {
			return 1
		}
		return 0
	})
	for range p.IntN(3) {
		i := p.IntN(len(out))
		late := out[i]
		late.night = 1
		out = append(slices.Delete(out, i, i+1), late)
	}
	return out
}
