package demo

import "time"

// The categorieën of the register.
const (
	categorieWajong = "WAJONG"
	categorieWsw    = "WSW_WIW_ID"
	categoriePW     = "PARTICIPATIEWET"
)

// categorieRank is the rank of the deciding grondslagen; that of others is 1.
var categorieRank = map[string]int{"WSW_DET": 4, "WAJ_OUD": 3, "WAJ_NIEUW": 3, "WSW_BW": 2, "WIW_ID": 2}

// categorieOn returns the categorie of p on a day, in order of precedence: WSW_DET, Wajong, others, the
// Participatiewet. It is "" without an active registration; one of a single day never counts.
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
