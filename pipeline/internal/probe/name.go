package probe

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// wrapped is the ending of a name of what travels in an envelope, ending that of the name in it.
var (
	wrapped = regexp.MustCompile(`(?i)^\.(gz|gzip|zip|age|pgp|gpg|asc)$`)
	ending  = regexp.MustCompile(`^\.[A-Za-z][A-Za-z0-9]{0,7}$`)
)

var eightDigits = regexp.MustCompile(`(?:^|\D)(\d{8})(?:\D|$)`)

// nameOf reads from the name of a file what the source could be called, and how names with a date in
// them are matched.
func nameOf(file string) (source, match string, dated bool) {
	ext := path.Ext(file)
	if inner := path.Ext(strings.TrimSuffix(file, ext)); wrapped.MatchString(ext) && ending.MatchString(inner) {
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

// identifierOf makes an identifier of a name: lower case, words parted by _.
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

// distinct gives an identifier that is not taken yet, and takes it.
func distinct(id string, taken map[string]bool) string {
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
