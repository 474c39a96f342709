package contract

import (
	"math/big"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
)

const peildatumGroup = "peildatum"

var (
	// Identifier matches the names of sources, columns and reference tables.
	Identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	percentage = regexp.MustCompile(`^(\d{1,3}(\.\d{1,6})?)%$`)
	term       = regexp.MustCompile(`^(\d{1,4})([dw])$`)
)

// reservedFolders are the parts of the data directory that no delivery can come from, since a pull removes
// files from their folder.
var reservedFolders = map[string]bool{
	"landing": true, "lake": true, "quarantine": true, "decisions": true, "stand": true, "work": true,
	"marts": true, "runs": true, "alerts": true, "secrets": true,
}

// Parse reads a contract, sources/<name>.yaml. The contract is nil if there are faults.
func Parse(file string, data []byte) (*Contract, projectfile.Faults) {
	doc, faults := projectfile.Parse(file, data)
	if len(faults) > 0 {
		return nil, faults
	}
	c := &Contract{Path: file, Name: strings.TrimSuffix(path.Base(file), ".yaml")}
	if !Identifier.MatchString(c.Name) {
		faults = append(faults, projectfile.Fault{
			Path: file, Message: "the file name is the name of the source, and " + strconv.Quote(c.Name) + " is not an identifier",
			Hint: "use lower-case letters, digits and _, and .yaml",
		})
	}
	if doc.Root == nil {
		faults = append(faults, doc.Fault(nil, "write at least description, supplier, owner, match, key and columns", "the contract is empty"))
		return nil, faults.Sorted()
	}
	m, ok := mapping{doc.Mapping(nil, &faults)}.within(doc.Root, "the contract", "description", "supplier", "owner", "optional", "from", "match",
		"delivery", "key", "expect", "limits", "format", "pakbon", "tolerate", "columns")
	if ok {
		m.need("the contract", "description", "supplier", "owner", "match", "key", "columns")
		m.contract(c)
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	return c, nil
}

func (m mapping) contract(c *Contract) {
	c.Description, c.Supplier, c.Owner = m.text("description"), m.text("supplier"), m.text("owner")
	c.Optional = m.flag("optional")
	if kind := m.text("delivery"); kind != "" && kind != "snapshot" {
		m.Fault(m.Get("delivery"), "the only kind is snapshot: each delivery contains everything on its peildatum", "unknown delivery %q", kind)
	}
	c.pattern, c.Match = m.match()
	c.Every, c.Grace = m.expect()
	c.Limits = m.limits()
	c.Format = m.format()
	c.Pakbon = m.pakbon()
	c.Tolerate = m.tolerates(drifts)
	if c.From = m.from(c); c.From.Kind == FromDir {
		c.Dir = c.From.Address
	}
	c.Columns = m.columns()
	c.Key = m.key(c)
}

func (m mapping) match() (pattern string, match *regexp.Regexp) {
	pattern = m.text("match")
	if pattern == "" {
		return "", nil
	}
	raw, err := regexp.Compile(pattern)
	if err != nil {
		m.Fault(m.Get("match"), "see https://pkg.go.dev/regexp/syntax", "\"match\" is not a regular expression: %s",
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return pattern, nil
	}
	if raw.SubexpIndex(peildatumGroup) < 0 {
		m.Fault(m.Get("match"), `put (?P<peildatum>\d{8}) where the name has the date`, "\"match\" has no group peildatum")
		return pattern, nil
	}
	match, err = regexp.Compile(`(?i)\A(?:` + pattern + `)\z`)
	if err != nil {
		m.Fault(m.Get("match"), "make it shorter", "\"match\" is too large: %s", err.Error())
	}
	return pattern, match
}

func (m mapping) expect() (every, grace time.Duration) {
	e, ok := m.block("expect", "every", "grace")
	if !ok {
		return 0, 0
	}
	e.need(`"expect"`, "every")
	every, grace = e.term("every"), e.term("grace")
	e.needsLength("every", every, term)
	return every, grace
}

func (m mapping) term(key string) time.Duration {
	return m.duration(key, term, "write days or weeks, such as 7d or 2w")
}

// duration reads a number with a unit, in the given notation; 0 without it.
func (m mapping) duration(key string, notation *regexp.Regexp, hint string) time.Duration {
	s := m.text(key)
	if s == "" {
		return 0
	}
	parts := notation.FindStringSubmatch(s)
	if parts == nil {
		m.Fault(m.Get(key), hint, "%q is not a duration: %q", key, s)
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	const day = 24 * time.Hour
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "d": day, "w": 7 * day}
	return time.Duration(n) * units[parts[2]]
}

// needsLength adds a fault if the duration at key is readable, but 0.
func (m mapping) needsLength(key string, d time.Duration, notation *regexp.Regexp) {
	if v := m.Get(key); v != nil && d == 0 && notation.MatchString(v.Text) {
		m.Fault(v, hints[key], "%q must be longer than 0", key)
	}
}

func (m mapping) limits() Limits {
	l := Limits{Quarantined: big.NewRat(1, 100), Elfproef: big.NewRat(5, 1000), Minimum: 3}
	lm, ok := m.block("limits", "quarantined", "elfproef", "minimum")
	if !ok {
		return l
	}
	l.Quarantined = lm.share("quarantined", l.Quarantined)
	l.Elfproef = lm.share("elfproef", l.Elfproef)
	if s := lm.text("minimum"); s != "" {
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			m.Fault(lm.Get("minimum"), "write a whole number, such as 3", "\"minimum\" is not a number of records: %q", s)
		}
		l.Minimum = int64(n)
	}
	return l
}

func (m mapping) share(key string, byDefault *big.Rat) *big.Rat {
	s := m.text(key)
	if s == "" {
		return byDefault
	}
	if parts := percentage.FindStringSubmatch(s); parts != nil {
		if r, ok := new(big.Rat).SetString(parts[1]); ok && r.Cmp(big.NewRat(100, 1)) <= 0 {
			return r.Quo(r, big.NewRat(100, 1))
		}
	}
	m.Fault(m.Get(key), "write 0% to 100% with a dot for decimals, such as 0.5%", "%q is not a percentage: %q", key, s)
	return byDefault
}

// key reads the key, and checks it against the columns.
func (m mapping) key(c *Contract) []string {
	var names []string
	for _, col := range c.Columns {
		names = append(names, col.As)
	}
	var key []string
	seen := map[string]bool{}
	for _, it := range m.list("key") {
		col, ok := c.Column(it.Text)
		switch {
		case seen[it.Text]:
			m.Fault(it, "", "key column %q is listed twice", it.Text)
		case !ok && len(c.Columns) > 0:
			m.Fault(it, projectfile.DidYouMean(it.Text, names), "key column %q does not exist", it.Text)
		case ok && !col.Required:
			m.Fault(it, "add required: true to the column", "key column %q is not required", it.Text)
		}
		seen[it.Text] = true
		key = append(key, it.Text)
	}
	return key
}

func (m mapping) pakbon() PakbonTerms {
	pm, ok := m.block("pakbon", "required", "wait", "trailer")
	if !ok {
		return PakbonTerms{}
	}
	t := PakbonTerms{Required: pm.flag("required"), Wait: pm.term("wait"), Trailer: pm.flag("trailer")}
	if pm.Has("wait") && !t.Required {
		pm.Fault(pm.Get("wait"), "add required: true, or remove it", "\"wait\" is for a required pakbon")
	}
	return t
}

// A Drift is a kind of difference from the contract or from the preceding delivery with which a delivery
// can still be loaded.
type Drift string

// The kinds of drift.
const (
	DriftAbsent  Drift = "absent"  // an optional column is missing
	DriftNew     Drift = "new"     // a column that the contract does not have
	DriftRenamed Drift = "renamed" // a column under one of its aliases
	DriftOrder   Drift = "order"   // the columns have another order
	DriftShares  Drift = "shares"  // the shares of empty values or notations changed
)

var (
	drifts       = []string{string(DriftAbsent), string(DriftNew), string(DriftRenamed), string(DriftOrder), string(DriftShares)}
	columnDrifts = []string{string(DriftAbsent), string(DriftShares)}
)

// tolerates reads which of the known kinds of drift are expected.
func (m mapping) tolerates(known []string) []Drift {
	var out []Drift
	for _, it := range m.list("tolerate") {
		switch {
		case !slices.Contains(known, it.Text):
			m.Fault(it, projectfile.DidYouMean(it.Text, known), "unknown drift %q", it.Text)
		case slices.Contains(out, Drift(it.Text)):
			m.Fault(it, "", "drift %q is listed twice", it.Text)
		}
		out = append(out, Drift(it.Text))
	}
	return out
}

// columnTolerates is tolerates for one column; the other kinds of drift are about a complete contract.
func (m mapping) columnTolerates(col Column, what string) []Drift {
	out := m.tolerates(columnDrifts)
	if col.Required && slices.Contains(out, DriftAbsent) {
		m.Fault(m.Get("tolerate"), "a delivery without a required column is refused; remove required or absent", "column %q is required and may be absent", what)
	}
	return out
}
