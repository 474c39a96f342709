package truth

import (
	"maps"
	"math/big"
	"slices"
)

// The severities that occur here.
const (
	ok           = "ok"
	info         = "info"
	waarschuwing = "waarschuwing"
	alarm        = "alarm"
	geenOordeel  = "geen_oordeel"
)

// A deel is a part of a whole of a group: persons, records, whatever a rule counts.
type deel struct{ teller, noemer int }

// A rule says what is counted of each group on a date, and when that is a finding.
type rule struct {
	check, tabel string
	dates        []string
	of           func(date string) map[string]deel
	minimum      int // below so many there is no opinion
	warn, alarm  limit
	drop         int  // a fall of so many points or more since the stand before is a warning; 0 is not looked at
	counts       bool // the parts alone are counted, and any is a finding of this severity
	severity     string
	accepted     string // a group of which a finding is information only, up to a date
	until        string
}

// A limit is crossed below or above it, not on it; the zero limit is none.
type limit struct {
	side   int // −1 below, 1 above
	tenths int // of a percent
}

func below(percent int) limit { return limit{-1, 10 * percent} }
func above(percent int) limit { return limit{1, 10 * percent} }

func (l limit) value() *big.Rat { return big.NewRat(int64(l.tenths), 10) }

func (l limit) crossed(share *big.Rat) bool {
	return l.side != 0 && share.Cmp(l.value()) == l.side
}

// A verdict is what a rule says of a group on a date.
type verdict struct{ ernst, waarde, drempel, teller, noemer, sinds string }

// KwaliteitBevindingen is marts.kwaliteit_bevindingen, of the rules that are defined here and without
// what is said in words.
func (w *World) KwaliteitBevindingen() *Table {
	t := &Table{
		Name: "kwaliteit_bevindingen", Grain: []string{"peildatum", "check", "groep"},
		Columns: []string{"peildatum", "check", "groep", "tabel", "ernst", "waarde", "drempel", "teller", "noemer", "sinds"},
	}
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
					v.ernst = info
				}
				now[groep] = v
			}
			for groep, v := range before {
				if _, still := now[groep]; !still && slices.Contains([]string{info, waarschuwing, alarm}, v.ernst) {
					now[groep] = verdict{ernst: ok, waarde: Null, drempel: Null, teller: Null, noemer: Null} // solved
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

// Checks are the names of the rules that are defined here.
func (w *World) Checks() []string {
	names := map[string]bool{}
	for _, r := range w.rules() {
		names[r.check] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func (r rule) judge(d, vorige deel) verdict {
	if r.counts {
		n := rounded(count(d.teller), 2)
		if d.teller == 0 {
			return verdict{ernst: ok, waarde: n, drempel: Null, teller: n, noemer: Null}
		}
		return verdict{ernst: r.severity, waarde: n, drempel: Null, teller: n, noemer: Null}
	}
	share := percentage(count(d.teller), count(d.noemer))
	v := verdict{ernst: ok, waarde: Null, drempel: Null, teller: rounded(count(d.teller), 2), noemer: rounded(count(d.noemer), 2)}
	if share != nil {
		v.waarde = rounded(number(rounded(share, 1)), 2) // percentages have one digit
	}
	// The limit that is crossed, or the mildest.
	switch {
	case r.warn.side != 0:
		v.drempel = rounded(r.warn.value(), 2)
	case r.alarm.side != 0:
		v.drempel = rounded(r.alarm.value(), 2)
	}
	switch {
	case share == nil, d.noemer < r.minimum:
		v.ernst = geenOordeel
	case r.drop > 0:
		r.compare(&v, share, vorige)
	case r.alarm.crossed(share):
		v.ernst, v.drempel = alarm, rounded(r.alarm.value(), 2)
	case r.warn.crossed(share):
		v.ernst = waarschuwing
	}
	return v
}

// compare judges a fall since the stand before.
func (r rule) compare(v *verdict, share *big.Rat, vorige deel) {
	before := percentage(count(vorige.teller), count(vorige.noemer))
	if before == nil || vorige.noemer < r.minimum {
		v.ernst = geenOordeel
		return
	}
	least := before.Sub(before, count(r.drop))
	v.drempel = rounded(least, 2)
	if share.Cmp(least) <= 0 {
		v.ernst = waarschuwing
	}
}

// A tally counts the parts of groups.
type tally map[string]deel

// add counts one that is part of the whole of a group, and of its part when hit.
func (t tally) add(groep string, hit bool) {
	d := t[groep]
	d.noemer++
	if hit {
		d.teller++
	}
	t[groep] = d
}

// everything is the group of rules that have none.
const everything = "alle"

// all is a tally of everything, also when there is nothing.
func all() tally { return tally{everything: {}} }
