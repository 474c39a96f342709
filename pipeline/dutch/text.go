package dutch

import (
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"
)

// And joins items as in "a, b en c".
func And(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " en " + items[len(items)-1]
}

// AndMore joins up to four items as And does. Of more items it lists three and counts the rest.
func AndMore(items []string) string {
	if len(items) > 4 {
		return fmt.Sprintf("%s en nog %d", strings.Join(items[:3], ", "), len(items)-3)
	}
	return And(items)
}

// Counted writes n with the singular or the plural: "1 rij", "1.384 rijen".
func Counted(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return Integer(n) + " " + more
}

// OneOrMore splits "staat|staan" into the singular and the plural. ok is false for any other text.
func OneOrMore(text string) (one, more string, ok bool) {
	words := strings.Split(text, "|")
	if len(words) != 2 || strings.TrimSpace(words[0]) == "" || strings.TrimSpace(words[1]) == "" {
		return "", "", false
	}
	return words[0], words[1], true
}

// Capital capitalises the first letter of text.
func Capital(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return strings.ToUpper(text[:size]) + text[size:]
}

// Sentence adds a full stop to a text, unless it ends with one, or with ! or ?.
func Sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// Figure writes a decimal such as "12.345": a percentage with one decimal, another number with as many as
// it needs, up to six. It returns "-" for any other text.
func Figure(decimal string, percentage bool) string {
	n, ok := new(big.Rat).SetString(decimal)
	switch {
	case !ok:
		return "-"
	case percentage:
		return Percentage(n)
	}
	return Exact(n, 0, 6)
}
