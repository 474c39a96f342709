package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/projectfile"
)

// A judged is one verdict of a check with its place in time.
type historyEntry struct {
	Moment
	Group, State, Since, Text string
	Limit                     string
	action, query, keys       string
	last                      bool // on the last peildatum of the check
}

func (j historyEntry) about() ExplainedGroup {
	return ExplainedGroup{Group: j.Group, Ernst: j.Ernst, State: j.State, Value: j.Value}
}

// A checkHistory is every verdict of one check, by group and then from old to new.
type checkHistory []historyEntry

// readHistory reads the findings that were put together of one check.
func readHistory(ctx context.Context, s *duck.Session) (checkHistory, error) {
	columns := []string{"groep", "peildatum", "ernst", "waarde", "teller", "noemer", "drempel", "toestand", "sinds", "uitleg", "actie", "query", "sleutels", "is_laatste"}
	for i, c := range columns {
		columns[i] = "coalesce(" + c + "::varchar, '')"
	}
	rows, err := s.Rows(ctx, "select "+strings.Join(columns, ", ")+" from memory.meta.bevindingen_alle order by groep, peildatum")
	if err != nil {
		return nil, err
	}
	var h checkHistory
	for _, r := range rows {
		h = append(h, historyEntry{
			Moment: Moment{Peildatum: *r[1], Value: *r[3], Teller: *r[4], Noemer: *r[5], Ernst: *r[2]},
			Group:  *r[0], State: *r[7], Since: *r[8], Text: *r[9], Limit: *r[6],
			action: *r[10], query: *r[11], keys: *r[12], last: *r[13] == "true",
		})
	}
	return h, nil
}

// worst is the order of ernst in which groups are listed.
var worst = []string{"blokkerend", "alarm", "waarschuwing", "info", "geen_oordeel", "ok"}

// groups are those on the last peildatum, the worst first.
func (h checkHistory) groups() []ExplainedGroup {
	groups := []ExplainedGroup{}
	for _, j := range h {
		if j.last {
			groups = append(groups, j.about())
		}
	}
	slices.SortStableFunc(groups, func(a, b ExplainedGroup) int {
		return cmp.Or(slices.Index(worst, a.Ernst)-slices.Index(worst, b.Ernst), cmp.Compare(a.Group, b.Group))
	})
	return groups
}

// of is the last verdict on a group, whose name may be written without capitals.
func (h checkHistory) of(group string) (historyEntry, error) {
	var names []string
	for _, j := range slices.Backward(h) {
		if strings.EqualFold(j.Group, group) {
			return j, nil
		}
		names = append(names, j.Group)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	hint := projectfile.DidYouMean(group, names)
	switch {
	case hint != "":
	case len(names) == 0:
		hint = "it found nothing yet"
	default:
		hint = "known: " + strings.Join(names[:min(20, len(names))], ", ")
	}
	return historyEntry{}, fmt.Errorf("has no group %q; %s", group, hint)
}

// on is the verdict on a group on a peildatum; its Peildatum is "" when there was none.
func (h checkHistory) on(group, peildatum string) historyEntry {
	for _, j := range h {
		if j.Group == group && j.Peildatum == peildatum {
			return j
		}
	}
	return historyEntry{}
}

// trend are the last verdicts on a group, the newest last.
func (h checkHistory) trend(group string, length int) []Moment {
	moments := []Moment{}
	for _, j := range h {
		if j.Group == group {
			moments = append(moments, j.Moment)
		}
	}
	return moments[max(0, len(moments)-length):]
}
