package judge

import (
	"slices"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
)

// numbers are the numbers of a verdict as text.
type numbers struct{ value, count, teller, noemer, earlier, limit string }

// exactNumbers returns the numbers of a verdict, unmasked. A missing one is [dutch.Unknown].
func exactNumbers(r rule.Rule, m Measure, v Verdict) numbers {
	write := dutch.Amount
	if v.Percentage {
		write = dutch.Percentage
	}
	n := numbers{
		value: write(v.Value), count: dutch.Amount(v.Value), teller: dutch.Amount(v.Teller), noemer: dutch.Amount(v.Noemer),
		limit: rule.LimitText(v.Limit, v.Percentage),
	}
	if v.Percentage {
		n.count = n.teller
	}
	if stands := r.EarlierStands(); len(stands) > 0 {
		n.earlier = write(m.Earlier[stands[0]])
	}
	return n
}

// fillExact fills the placeholders of a text with unmasked numbers.
func fillExact(r rule.Rule, text string, m Measure, v Verdict) string {
	return fill(r, text, m, v, exactNumbers(r, m, v))
}

func fill(r rule.Rule, text string, m Measure, v Verdict, n numbers) string {
	return rule.Placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[1 : len(match)-1]
		if slices.Contains(r.Per, name) {
			return m.GroupValues[name]
		}
		if one, more, ok := dutch.OneOrMore(name); ok && n.count == "1" {
			return one
		} else if ok {
			return more
		}
		switch name {
		case "waarde":
			return n.value
		case "aantal":
			return n.count
		case "teller":
			return n.teller
		case "noemer":
			return n.noemer
		case "drempel":
			return n.limit
		case "groep":
			return v.Group
		case "vorige":
			return n.earlier
		case "categorie", "kolommen":
			if m.Detail == "" {
				return "geen"
			}
			return m.Detail
		default: // peildatum
			return dutch.Day(m.Peildatum)
		}
	})
}
