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

// A Contract is the agreement with the supplier of one source.
type Contract struct {
	// Name is the source, an identifier: sources/sonar.yaml is "sonar".
	Name, Path  string
	Description string
	Supplier    string
	// Owner is the role or address that is alerted about a bad delivery.
	Owner string
	// Optional sources may never be delivered; others are reported missing.
	Optional bool
	// From is the place that files come from. Dir is its folder, relative to the data directory and with
	// forward slashes, or "" for a remote place.
	From From
	Dir  string
	// Match matches complete file names, ignoring case, and has a group "peildatum".
	Match *regexp.Regexp
	// Key has the As names of the columns that together are unique in a delivery.
	Key []string
	// Every is the time between two peildata, or 0 if none is expected; Grace is how late one may be.
	Every, Grace time.Duration
	Limits       Limits
	Format       Format
	Pakbon       PakbonTerms
	// Tolerate has the kinds of drift that are expected: they are recorded, but are no findings.
	Tolerate []Drift
	Columns  []Column

	pattern string
}

// Limits are the limits of a delivery: it is refused if bad records exceed a share and number at least
// Minimum.
type Limits struct {
	// Quarantined and Elfproef are shares from 0 to 1 of the data records: 1% is 1/100.
	Quarantined, Elfproef *big.Rat
	Minimum               int64
}

// A ColumnType is the type of the values of a column.
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
	Name        string   // the supplier's
	Aliases     []string // the supplier's other names
	As          string   // our name
	Type        ColumnType
	Required    bool
	Values      []string // of a code, in upper case
	Ja, Nee     []string // spellings other than J, Ja, N and Nee
	Min, Max    *string  // of an integer or decimal, both included, as exact decimal text, or nil
	Upper       bool     // text is converted to upper case
	Tolerate    []Drift  // the kinds of drift that are expected of this column
	Description string
}

// Pattern returns the expression for file names as written in the contract.
func (c *Contract) Pattern() string { return c.pattern }

// Column returns the column with that As name.
func (c *Contract) Column(as string) (Column, bool) {
	i := slices.IndexFunc(c.Columns, func(col Column) bool { return col.As == as })
	if i < 0 {
		return Column{}, false
	}
	return c.Columns[i], true
}

// Peildatum returns the peildatum in a file name as 2020-12-31. ok is false if the name does not match the
// contract. If it matches but the date does not exist, that is an error.
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

// Fingerprint returns a hash of what determines how a delivery is loaded: columns, key, limits, format and
// pakbon. It does not depend on layout, comments, descriptions, supplier, owner, expectation, tolerated
// drift, or the place and names of files.
func (c *Contract) Fingerprint() string {
	type column struct {
		Name            string
		Aliases         []string
		As              string
		Type            ColumnType
		Required, Upper bool
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

// Fingerprint returns a hash of the JSON of parts. It panics if they have none.
func Fingerprint(parts ...any) string {
	text, err := json.Marshal(parts)
	if err != nil {
		panic("sources: fingerprint of a value without JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// normalize returns a name or spelling for comparison: in lower case and without outer white space.
func normalize(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func normalized(list []string) []string {
	out := []string{}
	for _, s := range list {
		out = append(out, normalize(s))
	}
	slices.Sort(out)
	return out
}

// canonical returns the same text for 1, 1.0 and 01.
func canonical(number *string) string {
	if number == nil {
		return ""
	}
	r, _ := new(big.Rat).SetString(*number)
	return r.RatString()
}

// PakbonTerms are the requirements of a contract on pakbonnen.
type PakbonTerms struct {
	// Required refuses a delivery without a pakbon, after a wait of Wait from its modification time.
	Required bool
	Wait     time.Duration
	// Trailer refuses a delivery whose last lines have no total with the number of records.
	Trailer bool
}
