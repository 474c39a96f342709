package notify

import (
	"maps"
	"slices"
)

// waiting returns the publications that wait for approval of a changed definition, of which the data team
// was not told.
func (in *Input) waiting(known memory) []Entry {
	var entries []Entry
	for _, v := range in.Conditions {
		if _, knew := known[DataTeam][v.key()]; v.Check == Redefined && !knew {
			e := in.unchanged(v)
			e.State = Nieuw
			entries = append(entries, e)
		}
	}
	return entries
}

// redefined returns the changes that come from a changed rule or model, not from a delivery: where the
// current definition judges the stand of the previous run otherwise than the recipient knows. Every alert
// of a new rule is one.
func (in *Input) redefined(known memory) []Entry {
	found := map[string]Entry{}
	if in.Partial {
		return nil
	}
	for _, v := range in.Conditions {
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

// redefinedFor returns the change of one alert by its definition for one recipient, if there is one.
func (in *Input) redefinedFor(v Condition, t belief, knew bool) (Entry, bool) {
	if t.active && t.State == Wisselend || in.snoozed(v) != nil {
		return Entry{}, false // the belief is not the last condition
	}
	was, ernst := okay, v.Ernst
	if knew && t.active {
		was = t.Ernst
	}
	before, judged := in.Before[v.Check]
	switch {
	case in.Before != nil && judged && before.Definition != v.Definition:
		if !v.reaches(before.Peildatum) {
			return Entry{}, false
		}
		ernst = v.on(before.Peildatum)
	case knew && t.Definition != "" && t.Definition != v.Definition && v.reaches(t.Peildatum):
		ernst = v.on(t.Peildatum)
	case knew, in.Before == nil, judged:
		return Entry{}, false
	}
	e := in.unchanged(v)
	e.Was, e.Ernst = was, ernst
	switch {
	case max(rank(ernst), 0) == max(rank(was), 0):
		return Entry{}, false
	case !isAlert(was):
		e.State = Nieuw
	case !isAlert(ernst):
		e.State = Opgelost
	case rank(ernst) > rank(was):
		e.State = Erger
	default:
		e.State = Beter
	}
	return e, true
}
