package probe

import (
	"hash/maphash"
	"regexp"
	"strings"
	"time"

	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
)

// A survey gathers what the values of each column have in common, and keeps none of them.
type survey struct {
	columns []surveyed
	seed    maphash.Seed
	rows    int
	hashes  [][]uint64 // by column, of each row; 0 where there is no value
}

type surveyed struct {
	name                          string
	there, long, zeros            int // values; of them longer than 40, and dates of zeros
	bsn, date, integer, number, j int // values that could be of that type
}

// strict is the share of values, one in so many, that may fail in a type that is proposed: they would
// be in quarantine. Of BSNs it is the share at which a delivery is refused.
const (
	strict    = 500
	strictBSN = 200
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

// recordColumns are the columns to read. A number in a cell is a day where the name says so.
func (s *survey) recordColumns() []records.Column {
	var columns []records.Column
	for _, c := range s.columns {
		columns = append(columns, records.Column{Name: c.name, Required: true, Date: strings.Contains(strings.ToLower(c.name), "dat")})
	}
	return columns
}

// look adds the records of a batch that can be read.
func (s *survey) look(b *records.Batch) {
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
			s.columns[c].see(string(text))
		}
	}
}

var (
	plainInteger = regexp.MustCompile(`^-?\d{1,18}$`)
	plainNumber  = regexp.MustCompile(`^-?(\d{1,3}(\.\d{3})*|\d+)(,\d+)?$|^-?\d+\.\d+$`)
	midnight     = regexp.MustCompile(`[ T]+00:00(:00)?$`)
)

func (c *surveyed) see(text string) {
	c.there++
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
		c.j++
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

// propose gives the columns, and the key: as few columns as together are unique.
func (s *survey) propose() (columns []ProposedColumn, key []string) {
	taken := map[string]bool{"regel": true, "peildatum": true}
	person := -1
	for i, c := range s.columns {
		nearly := func(n int) bool { return c.there > 0 && (c.there-n)*strict <= c.there }
		p := ProposedColumn{Name: c.name, Type: string(contract.Text), Required: s.rows > 0 && (s.rows-c.there)*strict <= s.rows}
		switch {
		case c.there == 0:
			p.Note = "always empty: a type is a guess"
		case person < 0 && c.there >= 3 && (c.there-c.bsn)*strictBSN <= c.there:
			p.Type, person = string(contract.BSN), i
		case nearly(c.j):
			p.Type = string(contract.JaNee)
		case nearly(c.date):
			p.Type = string(contract.Date)
			p.Required = (s.rows-c.there+c.zeros)*strict <= s.rows
		case nearly(c.integer) && nearly(c.number):
			p.Type = string(contract.Integer)
		case nearly(c.number):
			p.Type = string(contract.Decimal)
		case c.bsn*2 > c.there:
			p.Note = "holds BSNs beside the person of the record: leave it out"
		}
		p.As = identifierOf(c.name)
		if i == person {
			p.As = "persoon_id"
		}
		p.As = distinct(p.As, taken)
		columns = append(columns, p)
	}
	for _, k := range s.key(columns, person) {
		key = append(key, columns[k].As)
	}
	return columns, key
}

// key looks for at most three required columns that tell all records apart, nearly: the person first,
// then codes before numbers and free text.
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
		for _, set := range choose(order, size) {
			if s.unique(set) {
				return set
			}
		}
	}
	return nil
}

// choose gives every choice of n out of list, in the order of the list.
func choose(list []int, n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for i := range list {
		for _, rest := range choose(list[i+1:], n-1) {
			out = append(out, append([]int{list[i]}, rest...))
		}
	}
	return out
}

// mayRepeat is how many records may have the key of another: as few as in other types, but one in any
// file that is no handful.
func (s *survey) mayRepeat() int {
	if s.rows < 100 {
		return 0
	}
	return max(1, s.rows/strict)
}

func (s *survey) unique(set []int) bool {
	seen := make(map[uint64]struct{}, s.rows)
	repeated := 0
	for row := range s.rows {
		var h uint64
		for _, c := range set {
			h = (h ^ s.hashes[c][row]) * 0x9E3779B97F4A7C15
		}
		if _, twice := seen[h]; twice {
			if repeated++; repeated > s.mayRepeat() {
				return false
			}
		}
		seen[h] = struct{}{}
	}
	return s.rows > 0
}
