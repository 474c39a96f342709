package demo

import (
	"math/rand/v2"
	"time"
)

// registration is one grondslag of a person in the register.
type registration struct {
	grondslag  string
	begin, end time.Time // a zero end is open
	loonwaarde float64   // percentage; 0 if not measured
}

// endOn returns the end as known on peildatum.
func (r registration) endOn(peildatum time.Time) time.Time {
	if r.end.After(peildatum) {
		return time.Time{}
	}
	return r.end
}

// drawRegistrations draws registrations that make responsible (GEMEENTE or UWV) responsible for a person
// from begin on, the deciding one first. The others do not change that: they ended earlier, last one day,
// or rank lower in the order WSW_DET, Wajong, WSW_BW, WIW_ID, Participatiewet.
func drawRegistrations(rng *rand.Rand, responsible string, begin time.Time) []registration {
	switch {
	case responsible == klantVanUWV:
		return wajong(rng, begin)
	case rng.IntN(100) < 28:
		return wswWiw(rng, begin)
	default:
		return participatiewet(rng, begin)
	}
}

func wajong(rng *rand.Rand, begin time.Time) []registration {
	main := registration{grondslag: "WAJ_NIEUW", begin: begin}
	if rng.IntN(100) < 48 {
		main.grondslag = "WAJ_OUD"
	}
	switch roll := rng.IntN(100); {
	case roll < 2:
		return []registration{main, {grondslag: "WSW_BW", begin: begin.AddDate(0, 0, 20)}}
	case roll < 5:
		return []registration{main, endedBefore("TIJDELIJK", begin)}
	case roll < 6:
		return []registration{main, oneDay("PW_INDICATIE", begin)}
	default:
		return []registration{main}
	}
}

func wswWiw(rng *rand.Rand, begin time.Time) []registration {
	switch roll := rng.IntN(100); {
	case roll < 8:
		return []registration{{grondslag: "WSW_DET", begin: begin}, {grondslag: "WAJ_OUD", begin: begin}}
	case roll < 55:
		return []registration{{grondslag: "WSW_DET", begin: begin}}
	case roll < 80:
		return []registration{{grondslag: "WSW_BW", begin: begin}}
	default:
		return []registration{{grondslag: "WIW_ID", begin: begin}}
	}
}

func participatiewet(rng *rand.Rand, begin time.Time) []registration {
	main := registration{grondslag: "PW_INDICATIE", begin: begin}
	measured := 20
	switch roll := rng.IntN(100); {
	case roll < 44:
	case roll < 70:
		main.grondslag, measured = "PW_PRAKTIJKROUTE", 85
	case roll < 90:
		main.grondslag = "VSO_PRO"
	case roll < 97:
		main.grondslag = "WAJ_AFGEWEZEN"
	default:
		main.grondslag = "TIJDELIJK"
	}
	if rng.IntN(100) < measured {
		main.loonwaarde = 30 + float64(rng.IntN(121))/2
	}
	if main.grondslag == "TIJDELIJK" {
		return []registration{main}
	}
	switch roll := rng.IntN(100); {
	case roll < 6:
		return []registration{main, endedBefore("TIJDELIJK", begin)}
	case roll < 9:
		return []registration{main, oneDay("WAJ_NIEUW", begin)}
	case roll < 12:
		return []registration{main, endedBefore("WAJ_NIEUW", begin)}
	case roll < 15 && main.grondslag != "VSO_PRO":
		return []registration{main, {grondslag: "VSO_PRO", begin: begin}}
	default:
		return []registration{main}
	}
}

// endedBefore returns a registration that ended on the day before begin.
func endedBefore(grondslag string, begin time.Time) registration {
	return registration{grondslag: grondslag, begin: begin.AddDate(0, -4, 0), end: begin.AddDate(0, 0, -1)}
}

// oneDay returns a registration that was withdrawn on the same day, so it does not count.
func oneDay(grondslag string, begin time.Time) registration {
	d := begin.AddDate(0, 0, 17)
	return registration{grondslag: grondslag, begin: d, end: d}
}
