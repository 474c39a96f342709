package truth

import (
	"maps"
	"math/big"
	"slices"
)

// The severities used here.
const (
	ernstOK           = "ok"
	ernstInfo         = "info"
	ernstWaarschuwing = "waarschuwing"
	ernstAlarm        = "alarm"
	ernstGeenOordeel  = "geen_oordeel"
)

// A deel is a part (teller) of the total (noemer) of a group, in persons, records or whatever a rule counts.
type deel struct{ teller, noemer int }

// A rule counts parts by group on a date, and says when they are a finding.
type rule struct {
	check, tabel string
	dates        []string
	of           func(date string) map[string]deel
	minimum      int // a smaller total gets no verdict
	warn, alarm  limit
	drop         int  // a fall of this many points or more since the previous stand is a warning; 0 is off
	counts       bool // count only the parts; any part is a finding of this severity
	severity     string
	accepted     string // a group whose findings are information only, up to a date
	until        string
}

// A limit is crossed strictly below or above it. The zero limit is none.
type limit struct {
	side   int // −1 below, 1 above
	tenths int // of a percent
}

func limitBelow(percent int) limit { return limit{-1, 10 * percent} }
func limitAbove(percent int) limit { return limit{1, 10 * percent} }

func (l limit) value() *big.Rat { return big.NewRat(int64(l.tenths), 10) }

func (l limit) crossed(share *big.Rat) bool {
	return l.side != 0 && share.Cmp(l.value()) == l.side
}

// A verdict is the verdict of a rule on a group on a date.
type verdict struct{ ernst, waarde, drempel, teller, noemer, sinds string }

// KwaliteitBevindingen is marts.kwaliteit_bevindingen for the rules defined here, without its texts.
func (w *World) KwaliteitBevindingen() *Table {
	t := newTable("kwaliteit_bevindingen", "peildatum check groep", `
		peildatum check groep tabel ernst waarde drempel teller noemer sinds`)
	for _, r := range w.rules() {
		var before map[string]verdict
		delen := map[string]deel{}
		for _, date := range r.dates {
			vorige := delen
			delen = r.of(date)
			now := map[string]verdict{}
			for groep, d := range delen {
				v := r.judge(d, vorige[groep])
				if groep == r.accepted && date <= r.until && v.ernst == r.severity {
					v.ernst = ernstInfo
				}
				now[groep] = v
			}
			for groep, v := range before {
				if _, still := now[groep]; !still && slices.Contains([]string{ernstInfo, ernstWaarschuwing, ernstAlarm}, v.ernst) {
					now[groep] = verdict{ernst: ernstOK, waarde: Null, drempel: Null, teller: Null, noemer: Null} // solved
				}
			}
			for groep, v := range now {
				v.sinds = date
				if b, was := before[groep]; was && b.ernst == v.ernst {
					v.sinds = b.sinds
				}
				now[groep] = v
				t.add(date, r.check, groep, r.tabel, v.ernst, v.waarde, v.drempel, v.teller, v.noemer, v.sinds)
			}
			before = now
		}
	}
	return t
}

func (w *World) rules() []rule {
	return append(
		slices.Concat(w.sonarRules(), w.registerRules(), w.placementRules(), w.gemeenteRules(), w.deliveryRules(), w.countedRules()),
		w.lastPlacementRule(), w.municipalRule(),
	)
}

// Checks returns the names of the rules defined here.
func (w *World) Checks() []string {
	names := map[string]bool{}
	for _, r := range w.rules() {
		names[r.check] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func (r rule) judge(d, vorige deel) verdict {
	share := percentage(count(d.teller), count(d.noemer))
	v := verdict{ernst: ernstOK, waarde: Null, drempel: Null, teller: rounded(count(d.teller), 2), noemer: rounded(count(d.noemer), 2)}
	if r.counts {
		v.waarde, v.noemer = v.teller, Null
		if d.teller > 0 {
			v.ernst = r.severity
		}
		return v
	}
	if share != nil {
		v.waarde = rounded(number(rounded(share, 1)), 2) // percentages have one digit
	}
	// The crossed limit, or else the mildest.
	switch {
	case r.warn.side != 0:
		v.drempel = rounded(r.warn.value(), 2)
	case r.alarm.side != 0:
		v.drempel = rounded(r.alarm.value(), 2)
	}
	switch {
	case share == nil, d.noemer < r.minimum:
		v.ernst = ernstGeenOordeel
	case r.drop > 0:
		r.compare(&v, share, vorige)
	case r.alarm.crossed(share):
		v.ernst, v.drempel = ernstAlarm, rounded(r.alarm.value(), 2)
	case r.warn.crossed(share):
		v.ernst = ernstWaarschuwing
	}
	return v
}

// compare judges a fall since the previous stand.
func (r rule) compare(v *verdict, share *big.Rat, vorige deel) {
	before := percentage(count(vorige.teller), count(vorige.noemer))
	if before == nil || vorige.noemer < r.minimum {
		v.ernst = ernstGeenOordeel
		return
	}
	threshold := before.Sub(before, count(r.drop))
	v.drempel = rounded(threshold, 2)
	if share.Cmp(threshold) <= 0 {
		v.ernst = ernstWaarschuwing
	}
}

// A tally counts the parts of groups.
type tally map[string]deel

// add adds one to the total of a group, and to its part if hit.
func (t tally) add(groep string, hit bool) {
	d := t[groep]
	d.noemer++
	if hit {
		d.teller++
	}
	t[groep] = d
}

// everything is the group of rules without groups.
const everything = "alle"

// tallyOfAll returns a tally with the group of everything, even if nothing is counted.
func tallyOfAll() tally { return tally{everything: {}} }
