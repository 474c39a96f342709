package dashboard

import (
	"regexp"
	"strings"

	"inbeeld/pipeline/internal/ledger"
)

const few = "minder dan 5"

var (
	// small is a whole number below five that stands by itself: not in a date, a time, a decimal, an
	// amount or a name.
	small = regexp.MustCompile(`(^|[\s(:])([1-4])([\s.;:),]|$)`)
	// noPeople follows a number that counts something else.
	noPeople = regexp.MustCompile(`^(dag|dagen|week|weken|maand|maanden|jaar|uur|minuten|procentpunt|procentpunten|kwartaal|kwartalen|kolom|kolommen|levering|leveringen|bronnen|gemeenten|uitvoeringsdiensten)\b`)
	// That share, with its count masked, would give the count away. The limit does not.
	share     = regexp.MustCompile(`(?:\.\s+Dat is|\s+\()\s*-?\d+(?:,\d+)?%\)?`)
	percent   = regexp.MustCompile(`-?\d+(?:,\d+)?%`)
	limitText = regexp.MustCompile(`(?i)\bgrens\b`)
)

// Few writes counts below five in the text of a finding as "minder dan 5", and leaves out the shares
// from which they could be reckoned.
func Few(text string) string {
	masked, found := maskSmall(text)
	if !found {
		return text
	}
	masked = share.ReplaceAllString(masked, "")
	sentences := strings.SplitAfter(masked, ". ")
	for i, s := range sentences {
		if !limitText.MatchString(s) {
			sentences[i] = percent.ReplaceAllString(s, "…%")
		}
	}
	return strings.Join(sentences, "")
}

func maskSmall(text string) (masked string, found bool) {
	var b strings.Builder
	for {
		at := small.FindStringSubmatchIndex(text)
		if at == nil {
			b.WriteString(text)
			return b.String(), found
		}
		digit, end := at[4], at[5]
		b.WriteString(text[:digit])
		rest := text[end:]
		decimal := strings.HasPrefix(rest, ",") && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9'
		thousands := strings.HasPrefix(rest, ".") && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9'
		limit := strings.HasSuffix(text[:digit], "grens is ")
		if decimal || thousands || limit || noPeople.MatchString(strings.TrimLeft(rest, " ")) {
			b.WriteString(text[digit:end])
		} else {
			b.WriteString(few)
			found = true
		}
		text = rest
	}
}

// public is a finding as it may be shown: without small counts, and without the query behind it.
func public(f ledger.Finding) ledger.Finding {
	f.Text, f.Query = Few(f.Text), ""
	return f
}
