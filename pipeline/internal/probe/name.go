package probe

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// envelopeExt matches the extension of an envelope, innerExt that of the file in it.
var (
	envelopeExt = regexp.MustCompile(`(?i)^\.(gz|gzip|zip|age|pgp|gpg|asc)$`)
	innerExt    = regexp.MustCompile(`^\.[A-Za-z][A-Za-z0-9]{0,7}$`)
)

var eightDigits = regexp.MustCompile(`(?:^|\D)(\d{8})(?:\D|$)`)

// nameOf proposes a source name and a match pattern for the name of a file. dated reports whether it contains
// a date.
func nameOf(file string) (source, match string, dated bool) {
	ext := path.Ext(file)
	if inner := path.Ext(strings.TrimSuffix(file, ext)); envelopeExt.MatchString(ext) && innerExt.MatchString(inner) {
		ext = inner + ext
	}
	stem := strings.TrimSuffix(file, ext)
	before := stem
	for _, at := range eightDigits.FindAllStringSubmatchIndex(stem, -1) {
		if _, err := time.Parse("20060102", stem[at[2]:at[3]]); err == nil {
			before, dated = stem[:at[2]], true
			break
		}
	}
	before = regexp.MustCompile(`\d{9}`).ReplaceAllString(before, "")
	source = strings.Trim(identifierOf(before), "_")
	if source == "" {
		source = "bron"
	}
	if !dated {
		before += "_"
	}
	return source, regexp.QuoteMeta(before) + `(?P<peildatum>\d{8}).*` + regexp.QuoteMeta(strings.ToLower(ext)), dated
}

// identifierOf converts a name to an identifier: lower case, with _ between words.
func identifierOf(name string) string {
	var b strings.Builder
	last := '_'
	letters := []rune(name)
	for i, r := range letters {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			word := unicode.IsUpper(last) && i+1 < len(letters) && unicode.IsLower(letters[i+1])
			if unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last) || word) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
			last = r
		case last != '_':
			b.WriteByte('_')
			last = '_'
		}
	}
	id := strings.Trim(b.String(), "_")
	if id != "" && unicode.IsDigit(rune(id[0])) {
		id = "k_" + id
	}
	return id
}

// uniqueName returns the identifier, with a number if it is taken, and marks it as taken.
func uniqueName(id string, taken map[string]bool) string {
	if id == "" {
		id = "kolom"
	}
	free := id
	for n := 2; taken[free]; n++ {
		free = id + "_" + strconv.Itoa(n)
	}
	taken[free] = true
	return free
}
