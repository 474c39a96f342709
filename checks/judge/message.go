package judge

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
)

// A Message is what readers of mail, dashboard and ledger may see of a verdict. If rows stand for persons,
// no number in it reveals a count below five. Numbers are formatted in Dutch.
type Message struct {
	Title  string `json:"kop"`             // "profieldekking onder 25%"
	Text   string `json:"tekst"`           // the explanation
	Action string `json:"actie,omitempty"` // what to do, if the rule says so
	Value  string `json:"waarde"`          // "24,0%"; "" without a value or a limit
	Limit  string `json:"grens,omitempty"` // "25%"; "" if the rule has none
	Teller string `json:"teller,omitempty"`
	Noemer string `json:"noemer,omitempty"`
}

// NewMessage returns the message about a verdict. If rows stand for persons, it masks every count below
// five, including zero, as [dutch.Few]; where the teller is part of the noemer, the remainder too: see
// [dutch.Part]. A percentage, change or computed limit that would reveal such a count becomes a bound or
// [dutch.Hidden]. So does the value on an earlier stand if it would be ten or fewer of today's noemer,
// since the counts of that stand are unknown here.
func NewMessage(r rule.Rule, m Measure, v Verdict, persons bool) Message {
	n := exactNumbers(r, m, v)
	if persons {
		n = mask(r, m, v, n)
	}
	msg := Message{Title: titleOf(r, v), Text: fill(r.Explain, m, v, n), Action: fill(r.Action, m, v, n)}
	if a := r.Acceptance(m.Group, m.Peildatum); a != nil && v.Ernst == rule.Info {
		msg.Text += " " + a.Text()
	}
	if v.Value != nil && v.Limit != nil {
		msg.Value, msg.Limit = n.value, shortLimit(v.Limit, v.Percentage)
		if n.limit == dutch.Hidden {
			msg.Limit = n.limit
		}
	}
	if v.Teller != nil {
		msg.Teller = n.teller
	}
	if v.Noemer != nil {
		msg.Noemer = n.noemer
	}
	return msg
}

// mask hides the numbers of a verdict that readers may not see.
func mask(r rule.Rule, m Measure, v Verdict, n numbers) numbers {
	hide := func(text *string, hidden bool) {
		if hidden {
			*text = dutch.Hidden
		}
	}
	switch r.Kind {
	case rule.Freshness, rule.ConstantOrEmpty, rule.SQLValue:
		return n // days, columns, and figures of a custom query
	case rule.Distribution, rule.Outlier:
		for _, text := range []*string{&n.value, &n.count, &n.teller, &n.noemer} {
			hide(text, m.Few)
		}
	case rule.Reconcile, rule.VolumeChange:
		hide(&n.value, dutch.IsFew(v.Teller) || dutch.IsFew(v.Noemer))
		hide(&n.count, dutch.IsFew(v.Teller) || dutch.IsFew(v.Noemer))
		n.teller, n.noemer = countOrFew(v.Teller, n.teller), countOrFew(v.Noemer, n.noemer)
	case rule.RowCount, rule.SQL, rule.Coverage, rule.Share, rule.NotNull, rule.NotEmpty, rule.Unique,
		rule.AcceptedValues, rule.Range, rule.Pattern, rule.Length, rule.Relationship, rule.SumMatches:
		n = maskPart(r, v, n)
	}
	hideLimit := dutch.IsFew(v.Noemer)
	for _, then := range m.Earlier {
		if revealsFew(r, m, v, then) {
			n.earlier, hideLimit = dutch.Hidden, true
		}
	}
	hide(&n.limit, hideLimit && limitIsComputed(r, v, m))
	return n
}

// countOrFew returns text, the formatted n, unless n is few.
func countOrFew(n *big.Rat, text string) string {
	if dutch.IsFew(n) {
		return dutch.Few
	}
	return text
}

// maskPart masks a count, or the numbers of a rule whose teller is part of its noemer.
func maskPart(r rule.Rule, v Verdict, n numbers) numbers {
	switch {
	case v.Teller == nil:
		return n
	case v.Noemer == nil || r.Kind == rule.SumMatches && r.Total != nil: // the sides of a comparison
		n.value, n.count = countOrFew(v.Value, n.value), countOrFew(v.Value, n.count)
		n.teller, n.noemer = countOrFew(v.Teller, n.teller), countOrFew(v.Noemer, n.noemer)
		return n
	}
	teller, noemer, share, masked := dutch.Part(v.Teller, v.Noemer)
	if !masked {
		return n
	}
	n.teller, n.noemer, n.count, n.value = teller, noemer, teller, teller
	if v.Percentage {
		n.value = share
	}
	return n
}

// revealsFew reports whether the value on an earlier stand may reveal a small count.
func revealsFew(r rule.Rule, m Measure, v Verdict, then *big.Rat) bool {
	ten := big.NewRat(10, 1)
	switch r.Kind {
	case rule.Outlier:
		return m.Few
	case rule.Reconcile:
		return dutch.IsFew(v.Teller) || dutch.IsFew(v.Noemer)
	case rule.Coverage, rule.Share:
		if v.Noemer == nil {
			return true
		}
		then = rule.Portion(v.Noemer, then)
		if then.Cmp(ten) <= 0 {
			return true
		}
	default:
	}
	return dutch.IsFew(then) || v.Noemer != nil && new(big.Rat).Sub(v.Noemer, then).Cmp(ten) <= 0
}

// limitIsComputed reports whether the limit of a verdict was computed from the measure: from the value on
// an earlier stand, or from the noemer.
func limitIsComputed(r rule.Rule, v Verdict, m Measure) bool {
	limits, _ := r.LimitsOf(v.Group, m.Peildatum)
	for _, l := range limits.InOrder() {
		if l != nil && l.Change == "" && !l.OfRows && v.Limit != nil && l.At.Cmp(v.Limit) == 0 {
			return false
		}
	}
	return v.Limit != nil
}

// shortLimit formats a limit without padding its decimals: "25%", "0,25%".
func shortLimit(n *big.Rat, isPercentage bool) string {
	text := dutch.Exact(n, 0, 2)
	if isPercentage {
		text += "%"
	}
	return text
}

// abbreviations are the words in names of rules that a title has in capitals.
var abbreviations = []string{"bsn", "uwv", "wsp", "wsw"}

// titleOf returns the title of the message about a verdict, from the name of its rule.
func titleOf(r rule.Rule, v Verdict) string {
	words := strings.Split(r.Name, "_")
	if len(words) > 1 && (slices.Contains(r.Per, words[len(words)-1]) || words[len(words)-1] == "gemeente" && len(r.Per) > 0) {
		words = words[:len(words)-1]
	}
	for i, w := range words {
		if slices.Contains(abbreviations, w) {
			words[i] = strings.ToUpper(w)
		}
	}
	title := strings.Join(words, " ")
	if l := decisiveLimit(r, v); l != nil && l.Change == "" && !l.Beyond && !l.OfRows && v.Limit != nil && v.Limit.Sign() != 0 && v.Percentage {
		if l.Below {
			return title + " onder " + shortLimit(v.Limit, true)
		}
		return title + " boven " + shortLimit(v.Limit, true)
	}
	return title
}

// decisiveLimit returns the limit that caused the ernst of a verdict, else the mildest; nil without limits.
func decisiveLimit(r rule.Rule, v Verdict) *rule.Limit {
	limits := r.Limits
	if over, ok := r.Overrides[v.Group]; ok {
		limits = limits.With(over)
	}
	for i, l := range limits.InOrder() {
		if l != nil && limitErnst[i] == v.Ernst {
			return l
		}
	}
	return limits.Mildest()
}

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
	return fill(text, m, v, exactNumbers(r, m, v))
}

func fill(text string, m Measure, v Verdict, n numbers) string {
	detail := cmp.Or(m.Detail, "geen")
	words := map[string]string{
		"waarde": n.value, "aantal": n.count, "teller": n.teller, "noemer": n.noemer, "drempel": n.limit,
		"vorige": n.earlier, "groep": v.Group, "categorie": detail, "kolommen": detail, "peildatum": dutch.Day(m.Peildatum),
	}
	maps.Copy(words, m.GroupValues) // a column under per takes precedence
	return rule.Placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[1 : len(match)-1]
		if one, more, ok := dutch.OneOrMore(name); ok && n.count == "1" {
			return one
		} else if ok {
			return more
		}
		return words[name]
	})
}
