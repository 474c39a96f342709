package notify

import (
	"maps"
	"slices"
)

// held are the publications that wait for a changed definition, which the data team was not told of.
func (in *Input) held(known memory) []Entry {
	var waiting []Entry
	for _, v := range in.Verdicts {
		if _, told := known[DataTeam][v.key()]; v.Check == Redefined && !told {
			e := in.still(v)
			e.State = Nieuw
			waiting = append(waiting, e)
		}
	}
	return waiting
}

// redefined are the changes that come from a changed rule or model, not from what was delivered. What a
// recipient knows is compared with what the definition of now says of the stand that the run before
// judged; where these differ, that is the change. Of a new rule everything is.
func (in *Input) redefined(known memory) []Entry {
	found := map[string]Entry{}
	if in.Partial {
		return nil
	}
	for _, v := range in.Verdicts {
		if v.Definition == "" {
			continue
		}
		for _, r := range slices.Concat(in.audience(v), slices.Sorted(maps.Keys(known))) {
			t, knew := known[r][v.key()]
			if !knew && !slices.Contains(in.audience(v), r) {
				continue
			}
			e, ok := in.redefinedFor(v, t, knew)
			if _, twice := found[v.key()]; ok && !twice {
				e.Audience = in.audience(v)
				found[v.key()] = e
			}
		}
	}
	for _, alerts := range known {
		for alert, t := range alerts {
			if _, judged := in.Judged[t.Check]; t.active && t.Definition != "" && !judged {
				e := t.Entry
				e.State, e.Was, e.Ernst, e.Text, e.Value, e.Action, e.Note = Vervallen, t.Ernst, okay, words.NoCheck, "", "", ""
				found[alert] = e
			}
		}
	}
	changed := slices.Collect(maps.Values(found))
	slices.SortFunc(changed, byWeight)
	return changed
}

// redefinedFor is the change of one alert by its definition, for one recipient.
func (in *Input) redefinedFor(v Verdict, t told, knew bool) (Entry, bool) {
	if t.active && t.State == Wisselend || in.snoozed(v) != nil {
		return Entry{}, false // what is known of it is not what was found last
	}
	was, ernst := okay, v.Ernst
	if knew && t.active {
		was = t.Ernst
	}
	before, judged := in.Before[v.Check]
	switch {
	case in.Before != nil && judged && before.Definition != v.Definition:
		if !v.remembers(before.Peildatum) {
			return Entry{}, false
		}
		ernst = v.on(before.Peildatum)
	case knew && t.Definition != "" && t.Definition != v.Definition && v.remembers(t.Peildatum):
		ernst = v.on(t.Peildatum)
	case knew, in.Before == nil, judged:
		return Entry{}, false
	}
	e := in.still(v)
	e.Was, e.Ernst = was, ernst
	switch {
	case max(rank(ernst), 0) == max(rank(was), 0):
		return Entry{}, false
	case !wrong(was):
		e.State = Nieuw
	case !wrong(ernst):
		e.State = Opgelost
	case rank(ernst) > rank(was):
		e.State = Erger
	default:
		e.State = Beter
	}
	return e, true
}
