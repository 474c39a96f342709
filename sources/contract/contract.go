package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Contract is what is agreed with the supplier of one source.
type Contract struct {
	// Name is the source, an identifier: sources/sonar.yaml is "sonar".
	Name, Path  string
	Description string
	Supplier    string
	// Owner is the role or address that hears of a bad delivery.
	Owner string
	// Optional sources may never be delivered; the others are missed.
	Optional bool
	// From is where files come from. Dir is its folder, relative to the data directory, with forward
	// slashes; "" when they come from elsewhere.
	From From
	Dir  string
	// Match fits whole file names, without regard to case, and has a group "peildatum".
	Match *regexp.Regexp
	// Key holds `as` names; together they are unique in a delivery.
	Key []string
	// Every is the time between two peildata, 0 when nothing is expected; Grace comes on top.
	Every, Grace time.Duration
	Limits       Limits
	Format       Format
	Pakbon       PakbonTerms
	// Tolerate are the kinds of drift that are expected: they are noted, and make no finding.
	Tolerate []Drift
	Columns  []Column

	pattern string
}

// Limits say when a delivery is refused: more than the share, and at least Minimum records.
type Limits struct {
	// Quarantined and Elfproef are shares from 0 to 1 of the data records: 1% is 1/100.
	Quarantined, Elfproef *big.Rat
	Minimum               int64
}

// A ColumnType says which values a column may hold.
type ColumnType string

// The column types.
const (
	Text    ColumnType = "text"
	Integer ColumnType = "integer"
	Decimal ColumnType = "decimal"
	Date    ColumnType = "date"
	JaNee   ColumnType = "janee"
	Code    ColumnType = "code"
	BSN     ColumnType = "bsn"
)

var columnTypes = []string{
	string(Text), string(Integer), string(Decimal), string(Date), string(JaNee), string(Code), string(BSN),
}

// A Column is one column of a contract.
type Column struct {
	// Name is what the supplier calls it; Aliases are other names it goes by.
	Name    string
	Aliases []string
	// As is what it is called here.
	As       string
	Type     ColumnType
	Required bool
	// Values are those of a code, in upper case.
	Values []string
	// Ja and Nee are spellings beside J, Ja, N and Nee.
	Ja, Nee []string
	// Min and Max bound an integer or decimal, both included, as exact decimal text; nil is no bound.
	Min, Max *string
	// Upper texts are written in upper case.
	Upper bool
	// Tolerate is that of the contract, for this column alone.
	Tolerate    []Drift
	Description string
}

// Pattern is the expression for file names as the contract has it.
func (c *Contract) Pattern() string { return c.pattern }

// Column is the column with that `as` name.
func (c *Contract) Column(as string) (Column, bool) {
	i := slices.IndexFunc(c.Columns, func(col Column) bool { return col.As == as })
	if i < 0 {
		return Column{}, false
	}
	return c.Columns[i], true
}

// Peildatum reads the peildatum, such as 2020-12-31, from a file name. It is not ok when the name is
// not one of this contract; it is an error when it is, but the date does not exist.
func (c *Contract) Peildatum(file string) (date string, ok bool, err error) {
	m := c.Match.FindStringSubmatch(file)
	if m == nil {
		return "", false, nil
	}
	digits := m[c.Match.SubexpIndex(peildatumGroup)]
	t, err := time.Parse("20060102", digits)
	if err != nil || t.Year() < 1 {
		return "", true, fmt.Errorf("read peildatum from file name %q: %q is not a date; write it as jjjjmmdd", file, digits)
	}
	return t.Format(time.DateOnly), true, nil
}

// Fingerprint is a hash of all that decides how a delivery is loaded: columns, key, limits,
// format and pakbon. It does not depend on layout, comments, descriptions, supplier, owner, expectation,
// what is tolerated, or the place and names of files.
func (c *Contract) Fingerprint() string {
	type column struct {
		Name    string
		Aliases []string
		As      string
		Type    ColumnType
		Required,
		Upper bool
		Values, Ja, Nee []string
		Min, Max        string
	}
	columns := make([]column, len(c.Columns))
	for i, col := range c.Columns {
		columns[i] = column{
			Name: normalize(col.Name), Aliases: normalized(col.Aliases), As: col.As, Type: col.Type,
			Required: col.Required, Upper: col.Upper, Values: normalized(col.Values),
			Ja: normalized(col.Ja), Nee: normalized(col.Nee), Min: canonical(col.Min), Max: canonical(col.Max),
		}
	}
	return Fingerprint("contract 2", columns, slices.Sorted(slices.Values(c.Key)),
		c.Limits.Quarantined.RatString(), c.Limits.Elfproef.RatString(), c.Limits.Minimum, c.Format, c.Pakbon.Required, c.Pakbon.Trailer)
}

// Fingerprint hashes the JSON of parts, which must be plain values.
func Fingerprint(parts ...any) string {
	text, err := json.Marshal(parts)
	if err != nil {
		panic("sources: fingerprint of a value without JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// normalize is the form in which names and spellings are compared: without case and outer white space.
func normalize(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func normalized(list []string) []string {
	out := []string{}
	for _, s := range list {
		out = append(out, normalize(s))
	}
	slices.Sort(out)
	return out
}

// canonical makes 1, 1.0 and 01 the same text.
func canonical(number *string) string {
	if number == nil {
		return ""
	}
	r, ok := new(big.Rat).SetString(*number)
	if !ok {
		return *number
	}
	return r.RatString()
}

// PakbonTerms are what a contract asks of a pakbon.
type PakbonTerms struct {
	// Required refuses a delivery without one; it waits for it for Wait, from its modification time.
	Required bool
	Wait     time.Duration
	// Trailer refuses a delivery of which the last lines hold no total with the number of records.
	Trailer bool
}
