package audit

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks/judge"
	"inbeeld/pipeline/projectfile"
)

// A checkHistory is every verdict of one check, by group and then from old to new.
type checkHistory []judge.Verdict

func groupOf(v judge.Verdict) ExplainedGroup {
	return ExplainedGroup{Group: v.Group, Ernst: string(v.Ernst), State: v.State, Value: decimal(v.Value)}
}

func momentOf(v judge.Verdict) Moment {
	return Moment{Peildatum: v.Peildatum, Value: decimal(v.Value), Teller: decimal(v.Teller), Noemer: decimal(v.Noemer), Ernst: string(v.Ernst)}
}

// decimal writes a number as published: with two digits; "" for nil.
func decimal(n *big.Rat) string {
	if n == nil {
		return ""
	}
	return n.FloatString(2)
}

// worst lists the values of ernst, worst first.
var worst = []string{"blokkerend", "alarm", "waarschuwing", "info", "geen_oordeel", "ok"}

// groups returns the groups on the last peildatum, the worst first.
func (h checkHistory) groups() []ExplainedGroup {
	groups := []ExplainedGroup{}
	for _, v := range h {
		if v.Last {
			groups = append(groups, groupOf(v))
		}
	}
	slices.SortStableFunc(groups, func(a, b ExplainedGroup) int {
		return cmp.Or(slices.Index(worst, a.Ernst)-slices.Index(worst, b.Ernst), cmp.Compare(a.Group, b.Group))
	})
	return groups
}

// of returns the last verdict on a group. The case of its name does not matter.
func (h checkHistory) of(group string) (judge.Verdict, error) {
	var names []string
	for _, v := range slices.Backward(h) {
		if strings.EqualFold(v.Group, group) {
			return v, nil
		}
		names = append(names, v.Group)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	hint := projectfile.DidYouMean(group, names)
	switch {
	case hint != "":
	case len(names) == 0:
		hint = "it has found nothing yet"
	default:
		hint = "known: " + strings.Join(names[:min(20, len(names))], ", ")
	}
	return judge.Verdict{}, fmt.Errorf("has no group %q; %s", group, hint)
}

// on returns the verdict on a group on a peildatum; its Peildatum is "" if there was none.
func (h checkHistory) on(group, peildatum string) judge.Verdict {
	for _, v := range h {
		if v.Group == group && v.Peildatum == peildatum {
			return v
		}
	}
	return judge.Verdict{}
}

// trend returns the last verdicts on a group, the newest last.
func (h checkHistory) trend(group string, length int) []Moment {
	moments := []Moment{}
	for _, v := range h {
		if v.Group == group {
			moments = append(moments, momentOf(v))
		}
	}
	return moments[max(0, len(moments)-length):]
}
