package probe

import (
	"cmp"
	"hash/maphash"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
)

// A survey counts which types the values of each column could have. It stores no values.
type survey struct {
	columns []surveyed
	seed    maphash.Seed
	rows    int
	hashes  [][]uint64 // by column and row; 0 if there is no value
}

type surveyed struct {
	name                              string
	values, long, zeros               int // values, those longer than 40 bytes, and dates of zeros
	bsn, date, integer, number, janee int // values that could be of that type
}

// One in onePer values may be invalid for a proposed type: a load would quarantine it. For BSNs, a load would
// refuse a delivery with more invalid values than one in onePerBSN.
const (
	onePer    = 500
	onePerBSN = 200
)

func newSurvey(titles []string) *survey {
	s := &survey{seed: maphash.MakeSeed()}
	seen := map[string]bool{}
	for _, t := range titles {
		if t = strings.TrimSpace(t); t != "" && !seen[strings.ToLower(t)] && !pseudonym.ContainsBSN(t) {
			seen[strings.ToLower(t)] = true
			s.columns = append(s.columns, surveyed{name: t})
		}
	}
	s.hashes = make([][]uint64, len(s.columns))
	return s
}

// recordColumns returns the columns to read. A number in a cell is a date if the column name says so.
func (s *survey) recordColumns() []records.Column {
	var columns []records.Column
	for _, c := range s.columns {
		columns = append(columns, records.Column{Name: c.name, Required: true, Date: strings.Contains(strings.ToLower(c.name), "dat")})
	}
	return columns
}

// add adds the readable records of a batch.
func (s *survey) add(b *records.Batch) {
	for i := range b.N {
		if b.Fault[i] != records.NoFault {
			continue
		}
		s.rows++
		for c := range s.columns {
			v := &b.Columns[c]
			text := v.Data[v.Offsets[i]:v.Offsets[i+1]]
			if len(text) == 0 {
				s.hashes[c] = append(s.hashes[c], 0)
				continue
			}
			s.hashes[c] = append(s.hashes[c], maphash.Bytes(s.seed, text)|1)
			s.columns[c].count(string(text))
		}
	}
}

var (
	plainInteger = regexp.MustCompile(`^-?\d{1,18}$`)
	plainNumber  = regexp.MustCompile(`^-?(\d{1,3}(\.\d{3})*|\d+)(,\d+)?$|^-?\d+\.\d+$`)
	midnight     = regexp.MustCompile(`[ T]+00:00(:00)?$`)
)

func (c *surveyed) count(text string) {
	c.values++
	if _, status := pseudonym.Normalise(text); status.IsBSN() {
		c.bsn++
	}
	if text == "00000000" {
		c.zeros++
	}
	if isDate(midnight.ReplaceAllString(text, "")) {
		c.date++
	}
	if plainInteger.MatchString(text) {
		c.integer++
	}
	if plainNumber.MatchString(text) && (len(text) == 1 || text[0] != '0' || strings.ContainsAny(text, ",.")) {
		c.number++
	}
	switch strings.ToUpper(text) {
	case "J", "N", "JA", "NEE":
		c.janee++
	}
	if len(text) > 40 {
		c.long++
	}
}

func isDate(text string) bool {
	if text == "00000000" {
		return true
	}
	for _, layout := range []string{"2006-01-02", "2-1-2006", "20060102"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 0 {
			return true
		}
	}
	return false
}

// propose returns the columns and the smallest unique key.
func (s *survey) propose() (columns []ProposedColumn, key []string) {
	taken := map[string]bool{"regel": true, "peildatum": true}
	person := -1
	for i, c := range s.columns {
		nearly := func(n int) bool { return c.values > 0 && (c.values-n)*onePer <= c.values }
		p := ProposedColumn{Name: c.name, Type: string(contract.Text), Required: s.rows > 0 && (s.rows-c.values)*onePer <= s.rows}
		switch {
		case c.values == 0:
			p.Note = "always empty: the type is a guess"
		case person < 0 && c.values >= 3 && (c.values-c.bsn)*onePerBSN <= c.values:
			p.Type, person = string(contract.BSN), i
		case nearly(c.janee):
			p.Type = string(contract.JaNee)
		case nearly(c.date):
			p.Type = string(contract.Date)
			p.Required = (s.rows-c.values+c.zeros)*onePer <= s.rows
		case nearly(c.integer) && nearly(c.number):
			p.Type = string(contract.Integer)
		case nearly(c.number):
			p.Type = string(contract.Decimal)
		case c.bsn*2 > c.values:
			p.Note = "contains BSNs of persons other than that of the record: leave it out"
		}
		p.As = identifierOf(c.name)
		if i == person {
			p.As = "persoon_id"
		}
		p.As = uniqueName(p.As, taken)
		columns = append(columns, p)
	}
	for _, k := range s.key(columns, person) {
		key = append(key, columns[k].As)
	}
	return columns, key
}

// key returns the smallest combination of at most three required columns that is nearly unique, or nil. The
// person comes first. Decimals, yes/no columns and free text do not qualify.
func (s *survey) key(columns []ProposedColumn, person int) []int {
	var order []int
	if person >= 0 && columns[person].Required {
		order = append(order, person)
	}
	for i, c := range columns {
		if i != person && c.Required && c.Type != string(contract.Decimal) && c.Type != string(contract.JaNee) && s.columns[i].long == 0 {
			order = append(order, i)
		}
	}
	order = order[:min(len(order), 12)]
	for size := 1; size <= 3; size++ {
		for _, set := range combinations(order, size) {
			if s.unique(set) {
				return set
			}
		}
	}
	return nil
}

// combinations returns every combination of n elements of list, in the order of the list.
func combinations(list []int, n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for i := range list {
		for _, rest := range combinations(list[i+1:], n-1) {
			out = append(out, append([]int{list[i]}, rest...))
		}
	}
	return out
}

// allowedDuplicates returns how many records may repeat a key: as few as may be invalid, but at least one in
// a file of 100 records or more.
func (s *survey) allowedDuplicates() int {
	if s.rows < 100 {
		return 0
	}
	return max(1, s.rows/onePer)
}

// unique reports whether a combination of columns is nearly unique.
func (s *survey) unique(set []int) bool {
	seen := make(map[uint64]struct{}, s.rows)
	duplicates := 0
	for row := range s.rows {
		var h uint64
		for _, c := range set {
			h = (h ^ s.hashes[c][row]) * 0x9E3779B97F4A7C15
		}
		if _, twice := seen[h]; twice {
			if duplicates++; duplicates > s.allowedDuplicates() {
				return false
			}
		}
		seen[h] = struct{}{}
	}
	return s.rows > 0
}

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
	source = cmp.Or(strings.Trim(identifierOf(before), "_"), "bron")
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
	id = cmp.Or(id, "kolom")
	free := id
	for n := 2; taken[free]; n++ {
		free = id + "_" + strconv.Itoa(n)
	}
	taken[free] = true
	return free
}
