package demo

import "time"

// The categorieën of the register.
const (
	categorieWajong = "WAJONG"
	categorieWsw    = "WSW_WIW_ID"
	categoriePW     = "PARTICIPATIEWET"
)

// categorieRank is the rank of the grondslagen that decide; of others it is 1.
var categorieRank = map[string]int{"WSW_DET": 4, "WAJ_OUD": 3, "WAJ_NIEUW": 3, "WSW_BW": 2, "WIW_ID": 2}

// categorieOn is what p counts as on a day: WSW_DET goes before the Wajong, the Wajong before all
// else, the Participatiewet last. It is empty when no registration holds; one of a day never does.
func (p *person) categorieOn(on time.Time) string {
	best := 0
	for _, r := range p.registrations {
		if r.begin.After(on) || r.begin.Equal(r.end) || !r.end.IsZero() && r.end.Before(on) {
			continue
		}
		best = max(best, categorieRank[r.grondslag], 1)
	}
	return [...]string{"", categoriePW, categorieWsw, categorieWajong, categorieWsw}[best]
}
