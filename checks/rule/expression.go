package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"inbeeld/sql/quote"
)

// plainName matches text that can only be a column name.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Expression returns SQL text from a check file as one operand: a quoted column name, or the text in
// parentheses.
func Expression(text string) string {
	if plainName.MatchString(text) {
		return quote.Ident(text)
	}
	return "(" + text + ")"
}

// queryWords start a query when they come first inside parentheses.
var queryWords = []string{"select", "from", "with", "table", "values", "pivot", "unpivot", "describe", "show", "summarize"}

// ExpressionFault explains why text is not one SQL expression over the current row that is safe in
// parentheses; message is "" if it is. The database still has to bind it.
func ExpressionFault(text string) (message, hint string) {
	words, message, hint := tokens(text, false)
	if message != "" {
		return message, hint
	}
	for _, w := range words {
		if !w.quoted && (w.text == "select" || w.first && slices.Contains(queryWords, w.text)) {
			return fmt.Sprintf("the word %s: an expression cannot read a table", w.text),
				"write a separate check, <schema>.<table>.<name>.sql; put a column of that name in double quotes"
		}
	}
	if strings.TrimSpace(text) == "" {
		return "no text", "write an SQL expression"
	}
	return "", ""
}

// selectFault explains why text is not one SELECT that is safe in parentheses; message is "" if it is.
func selectFault(text string) (message, hint string) {
	words, message, hint := tokens(text, true)
	switch {
	case message != "":
		return message, hint
	case len(words) == 0:
		return "no text", "write a SELECT of the bad rows below the header"
	case words[0].quoted || words[0].text != "select" && words[0].text != "with":
		return fmt.Sprintf("the word %s at its start", words[0].text), "write one SELECT of the bad rows"
	}
	return "", ""
}

// A token is a name or keyword in SQL text, in lower case and without its double quotes.
type token struct {
	text    string
	first   bool // follows a "(" or begins the text
	quoted  bool
	at, end int // byte offsets in the text, quotes included
}

// tokens returns the tokens of SQL text, or explains what would let the text escape from parentheses.
func tokens(text string, comments bool) (words []token, message, hint string) {
	depth := 0
	before := byte('(') // the last character other than white space
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch c := text[i]; {
		case c == '\'' || c == '"':
			end := quoteEnd(rest)
			if end < 0 {
				return nil, fmt.Sprintf("the quote %c is not closed", c), "close it; double a quote inside quotes"
			}
			if c == '"' {
				name := strings.ReplaceAll(rest[1:end], `""`, `"`)
				words = append(words, token{strings.ToLower(name), before == '(', true, i, i + end + 1})
			}
			i += end
		case strings.HasPrefix(rest, "--") && comments:
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				end = len(rest) - 1
			}
			i += end
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "/*"):
			return nil, "a comment " + rest[:2], "move it into description, or use -- in an .sql file"
		case c == ';':
			return nil, "a semicolon", "write one statement without ;"
		case c == '$' || c == '?' || c == '#':
			return nil, fmt.Sprintf("the character %c", c), "write values out, in single quotes"
		case c >= 0x80 || c == 0:
			return nil, "a character that is not ASCII", "write values in single quotes and names in double quotes"
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return nil, "a ) without a (", "balance the parentheses"
			}
		case startsWord(c):
			n := 1
			for n < len(rest) && (startsWord(rest[n]) || rest[n] >= '0' && rest[n] <= '9') {
				n++
			}
			if n == 1 && len(rest) > 1 && rest[1] == '\'' {
				return nil, fmt.Sprintf("a text that begins with %s'", rest[:1]), "write it between plain single quotes"
			}
			words = append(words, token{strings.ToLower(rest[:n]), before == '(', false, i, i + n})
			i += n - 1
		}
		if !strings.ContainsRune(" \t\r\n\v\f", rune(text[i])) {
			before = text[i]
		}
	}
	if depth > 0 {
		return nil, "a ( without a )", "balance the parentheses"
	}
	return words, "", ""
}

func startsWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoteEnd returns the index of the quote that closes the one at the start of text, or -1.
func quoteEnd(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] != text[0] {
			continue
		}
		if i+1 == len(text) || text[i+1] != text[0] {
			return i
		}
		i++
	}
	return -1
}
