package checks

import (
	"math/big"
	"slices"
	"strings"
)

// A Telling is what a message may say of a verdict: to whomever it is sent, no number in it gives
// away how many persons there are when they are few.
type Telling struct {
	Title string `json:"kop"`   // "profieldekking onder 25%"
	Text  string `json:"tekst"` // the explanation
	// Action is what to do about it, "" when the rule does not say.
	Action string `json:"actie,omitempty"`
	Value  string `json:"waarde"`          // "24,0%", "" when there is none, or no limit to hold it against
	Limit  string `json:"grens,omitempty"` // "25%", "" when the rule has none
}

// few is the count below which a number of persons is not told.
const few = 5

const (
	fewText    = "minder dan 5"
	hiddenText = "niet getoond"
)

// Tell words a verdict for a message. When the rows of the table stem from persons, every count below
// five, zero too, is "minder dan 5". Where the teller is a part of the noemer the rest counts as well: of
// 238 of 240 is told "meer dan 235". A percentage that would give a hidden count away becomes the bound
// that follows from what is told ("minder dan 20,9%", for minder dan 5 of 24), or "niet getoond" when the noemer
// itself is hidden. Of a change the two sides are told apart; when one is hidden, so is the change. The
// value on an earlier stand, whose counts are not known here, is hidden when ten or fewer of today's
// noemer would make it.
func (r Rule) Tell(m Measure, v Verdict, persons bool) Telling {
	n := r.written(m, v)
	if persons {
		n = r.hidden(m, v, n)
	}
	t := Telling{Title: r.title(v), Text: r.fill(r.Explain, m, v, n), Action: r.fill(r.Action, m, v, n)}
	if v.Value != nil && v.Limit != nil {
		t.Value, t.Limit = n.value, bound(v.Limit, v.Percentage)
	}
	return t
}

func isFew(n *big.Rat) bool { return n != nil && n.Sign() >= 0 && n.Cmp(big.NewRat(few, 1)) < 0 }

// hidden are the numbers of a verdict without those that are told apart.
func (r Rule) hidden(m Measure, v Verdict, n numbers) numbers {
	switch r.Kind {
	case Freshness, ConstantOrEmpty, SQLValue, Distribution, Outlier:
		return n // days, columns, figures and shares of all; no counts
	case Reconcile, VolumeChange:
		if isFew(v.Teller) || isFew(v.Noemer) {
			n.value, n.count = hiddenText, hiddenText
		}
		n.teller, n.noemer = count(v.Teller, n.teller), count(v.Noemer, n.noemer)
	case RowCount, SQL, SumMatches:
		n.value, n.count = count(v.Value, n.value), count(v.Value, n.count)
		n.teller, n.noemer = count(v.Teller, n.teller), count(v.Noemer, n.noemer)
	case Coverage, Share, NotNull, NotEmpty, Unique, AcceptedValues, Range, Pattern, Length, Relationship:
		n = hiddenPart(v, n, m.Earlier)
	}
	return n
}

func count(n *big.Rat, text string) string {
	if isFew(n) {
		return fewText
	}
	return text
}

// hiddenPart hides where the teller is a part of the noemer.
func hiddenPart(v Verdict, n numbers, earlier map[Stand]*big.Rat) numbers {
	if v.Teller == nil || v.Noemer == nil {
		return n
	}
	rest := new(big.Rat).Sub(v.Noemer, v.Teller)
	share := func(of *big.Rat) string { return percentage(ratio(of, v.Noemer)) }
	switch {
	case isFew(v.Noemer):
		n.teller, n.noemer, n.value = fewText, fewText, hiddenText
	case isFew(v.Teller):
		n.teller, n.value = fewText, "minder dan "+share(big.NewRat(few, 1))
	case isFew(rest):
		most := new(big.Rat).Sub(v.Noemer, big.NewRat(few, 1))
		n.teller, n.value = "meer dan "+amount(most), "meer dan "+share(most)
	}
	n.count = n.teller
	if !v.Percentage {
		n.value = n.teller
	}
	for _, then := range earlier {
		part := portion(v.Noemer, then)
		if ten := big.NewRat(2*few, 1); part.Cmp(ten) <= 0 || new(big.Rat).Sub(v.Noemer, part).Cmp(ten) <= 0 {
			n.earlier = hiddenText
		}
	}
	return n
}

// bound is a limit with the digits that it has: "25%", "0,25%".
func bound(n *big.Rat, isPercentage bool) string {
	digits, _ := n.FloatPrec()
	text := FormatNumber(n, min(digits, 2))
	if isPercentage {
		text += "%"
	}
	return text
}

// abbreviations are words in names of rules that are written in capitals.
var abbreviations = []string{"bsn", "uwv", "wsp", "wsw"}

// title says in a few words what a verdict is about, for the subject of a message.
func (r Rule) title(v Verdict) string {
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
	if l := r.crossed(v); l != nil && l.Change == "" && !l.Beyond && !l.OfRows && v.Limit != nil && v.Limit.Sign() != 0 && v.Percentage {
		if l.Below {
			return title + " onder " + bound(v.Limit, true)
		}
		return title + " boven " + bound(v.Limit, true)
	}
	return title
}

// crossed is the limit that made the ernst of a verdict, or the mildest; nil without limits.
func (r Rule) crossed(v Verdict) *Limit {
	limits := r.Limits
	if over, ok := r.Overrides[v.Group]; ok {
		limits = limits.with(over)
	}
	for i, l := range limits.inOrder() {
		if l != nil && [...]Ernst{Waarschuwing, Alarm, Blokkerend}[i] == v.Ernst {
			return l
		}
	}
	return limits.mildest()
}
