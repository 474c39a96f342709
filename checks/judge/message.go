package judge

import (
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
)

// A Message is what readers of mail, dashboard and ledger may see of a verdict: of rows that stem from
// persons, no number in it gives away a count below five. Numbers are written in Dutch.
type Message struct {
	Title string `json:"kop"`   // "profieldekking onder 25%"
	Text  string `json:"tekst"` // the explanation
	// Action says what to do; "" when the rule does not.
	Action string `json:"actie,omitempty"`
	Value  string `json:"waarde"`          // "24,0%"; "" without a value, or without a limit to hold it against
	Limit  string `json:"grens,omitempty"` // "25%"; "" when the rule has none
	Teller string `json:"teller,omitempty"`
	Noemer string `json:"noemer,omitempty"`
}

// Message words a verdict. When the rows of the table stem from persons, every count below five, zero
// too, becomes [dutch.Few], and where the teller is a part of the noemer the rest counts as well: see
// [dutch.Part]. A percentage, a change or a computed limit that would give such a count away becomes a
// bound or [dutch.Hidden]. So does the value on an earlier stand when ten or fewer of today's noemer
// would make it, for the counts of that stand are not known here.
func Tell(r rule.Rule, m Measure, v Verdict, persons bool) Message {
	n := written(r, m, v)
	if persons {
		n = mask(r, m, v, n)
	}
	msg := Message{Title: titleOf(r, v), Text: fill(r, r.Explain, m, v, n), Action: fill(r, r.Action, m, v, n)}
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

// masked returns the numbers of a verdict without those that readers may not see.
func mask(r rule.Rule, m Measure, v Verdict, n numbers) numbers {
	hide := func(text *string, hidden bool) {
		if hidden {
			*text = dutch.Hidden
		}
	}
	switch r.Kind {
	case rule.Freshness, rule.ConstantOrEmpty, rule.SQLValue:
		return n // days, columns and the figures of a query of one's own
	case rule.Distribution, rule.Outlier:
		for _, text := range []*string{&n.value, &n.count, &n.teller, &n.noemer} {
			hide(text, m.Few)
		}
	case rule.Reconcile, rule.VolumeChange:
		hide(&n.value, dutch.IsFew(v.Teller) || dutch.IsFew(v.Noemer))
		hide(&n.count, dutch.IsFew(v.Teller) || dutch.IsFew(v.Noemer))
		n.teller, n.noemer = countOrFew(v.Teller, n.teller), countOrFew(v.Noemer, n.noemer)
	case rule.RowCount, rule.SQL:
		n.value, n.count = countOrFew(v.Value, n.value), countOrFew(v.Value, n.count)
		n.teller, n.noemer = countOrFew(v.Teller, n.teller), countOrFew(v.Noemer, n.noemer)
	case rule.Coverage, rule.Share, rule.NotNull, rule.NotEmpty, rule.Unique, rule.AcceptedValues, rule.Range, rule.Pattern, rule.Length, rule.Relationship, rule.SumMatches:
		n = maskedPart(r, v, n)
	}
	hideLimit := dutch.IsFew(v.Noemer)
	for _, then := range m.Earlier {
		if tellsOfFew(r, m, v, then) {
			n.earlier, hideLimit = dutch.Hidden, true
		}
	}
	hide(&n.limit, hideLimit && computed(r, v, m))
	return n
}

// countOrFew writes n as text says, unless it is few.
func countOrFew(n *big.Rat, text string) string {
	if dutch.IsFew(n) {
		return dutch.Few
	}
	return text
}

// maskedPart masks the numbers of a rule that counts, or of a percentage: its teller is a part of its
// noemer.
func maskedPart(r rule.Rule, v Verdict, n numbers) numbers {
	switch {
	case v.Teller == nil:
		return n
	case v.Noemer == nil || r.Kind == rule.SumMatches && r.Total != nil: // the sides of a comparison
		n.value, n.count = countOrFew(v.Value, n.value), countOrFew(v.Value, n.count)
		n.teller, n.noemer = countOrFew(v.Teller, n.teller), countOrFew(v.Noemer, n.noemer)
		return n
	}
	told, whole, share, masked := dutch.Part(v.Teller, v.Noemer)
	if !masked {
		return n
	}
	n.teller, n.noemer, n.count, n.value = told, whole, told, told
	if v.Percentage {
		n.value = share
	}
	return n
}

// tellsOfFew reports whether the value on an earlier stand may give a small count away.
func tellsOfFew(r rule.Rule, m Measure, v Verdict, then *big.Rat) bool {
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
	}
	return dutch.IsFew(then) || v.Noemer != nil && new(big.Rat).Sub(v.Noemer, then).Cmp(ten) <= 0
}

// computed reports whether the limit of a verdict was made from numbers of the measure: from the value
// on an earlier stand, or from the noemer.
func computed(r rule.Rule, v Verdict, m Measure) bool {
	limits, _ := r.LimitsOf(v.Group, m.Peildatum)
	for _, l := range limits.InOrder() {
		if l != nil && l.Change == "" && !l.OfRows && v.Limit != nil && l.At.Cmp(v.Limit) == 0 {
			return false
		}
	}
	return v.Limit != nil
}

// shortLimit is a limit with the digits that it has: "25%", "0,25%".
func shortLimit(n *big.Rat, isPercentage bool) string {
	text := dutch.Exact(n, 0, 2)
	if isPercentage {
		text += "%"
	}
	return text
}

// abbreviations are words in names of rules that are written in capitals.
var abbreviations = []string{"bsn", "uwv", "wsp", "wsw"}

// title says in a few words what a verdict is about, for the subject of a message.
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

// crossed is the limit that made the ernst of a verdict, or the mildest; nil without limits.
func decisiveLimit(r rule.Rule, v Verdict) *rule.Limit {
	limits := r.Limits
	if over, ok := r.Overrides[v.Group]; ok {
		limits = limits.With(over)
	}
	for i, l := range limits.InOrder() {
		if l != nil && [...]rule.Ernst{rule.Waarschuwing, rule.Alarm, rule.Blokkerend}[i] == v.Ernst {
			return l
		}
	}
	return limits.Mildest()
}
