package rule

import (
	"math/big"
	"slices"
)

// Kind selects what a check measures.
type Kind string

// The kinds. Each comment gives the value, teller and noemer of a measure; "rows" are those that meet
// where.
const (
	NotNull        Kind = "not_null"        // rows with a NULL in one of the columns; the same; rows
	Unique         Kind = "unique"          // rows beyond the first with their key, within the group; the same; rows
	AcceptedValues Kind = "accepted_values" // rows with another value; the same; rows
	Range          Kind = "range"           // rows below min or above max, both of which are allowed; the same; rows
	Relationship   Kind = "relationship"    // rows whose value the other table lacks; the same; rows
	RowCount       Kind = "row_count"       // rows; the same; none
	Coverage       Kind = "coverage"        // 100 × teller / noemer; sum of numerator; sum of denominator
	Share          Kind = "share"           // 100 × teller / noemer; rows that meet condition; rows
	// SumMatches with equals: rows in which the columns do not add up to it; the same; rows.
	// With total: values of on for which the two tables differ; our sum; the sum of the other table.
	SumMatches Kind = "sum_matches"
	SQL        Kind = "sql" // bad rows; the same; none

	NotEmpty        Kind = "not_empty"         // rows with a blank text in one of the columns; the same; rows
	Pattern         Kind = "pattern"           // rows whose text does not match; the same; rows
	Length          Kind = "length"            // rows with fewer than min or more than max characters; the same; rows
	VolumeChange    Kind = "volume_change"     // 100 × (teller − noemer) / noemer; rows; rows of the earlier stand
	Reconcile       Kind = "reconcile"         // teller − noemer, or that × 100 / noemer; our sum; the reference figure
	Outlier         Kind = "outlier"           // 100 × (teller − noemer) / noemer; the figure of the group; the median of the other groups
	Distribution    Kind = "distribution"      // largest shift of a share, in points; that share now; that share then
	ConstantOrEmpty Kind = "constant_or_empty" // columns with one value, or none; the same; columns
	SQLValue        Kind = "sql_value"         // the column waarde; the same; none
	Freshness       Kind = "freshness"         // days since the last peildatum; the same; none
)

// A Rule is one check as read from its file. Its JSON is its complete definition: two rules with the
// same JSON measure and judge alike.
type Rule struct {
	Path      string `json:"-"`
	Line, Col int    `json:"-"` // where the rule begins

	Kind          Kind
	Schema, Table string
	Name          string // unique within the table
	Description   string

	Columns     []string
	Values      []string // accepted_values
	Min, Max    string   // range: a decimal or an ISO date, "" for no bound
	Reference   Target   // relationship
	Numerator   string   // coverage: a column or an SQL expression
	Denominator string   // coverage: a column or an SQL expression
	Condition   string   // share: an SQL condition
	Equals      string   // sum_matches within a row: the column with the sum
	Total       *Total   // sum_matches between tables; reconcile: the reference figure
	Matches     string   `json:",omitempty"` // pattern: a regular expression (RE2)
	MinRows     *big.Rat `json:",omitempty"` // constant_or_empty: below it there is no opinion
	Versus      Stand    `json:",omitempty"` // volume_change and distribution: the earlier stand
	Percent     bool     `json:",omitempty"` // reconcile and sql_value: the value is a percentage
	Where       string   // an SQL condition, "" for all rows
	Per         []string
	Select      string // sql: the SELECT of bad rows; sql_value: that of waarde by group

	MinDenominator *big.Rat // coverage and share: below it there is no opinion; nil for no minimum
	Limits         Limits
	Overrides      map[string]Limits // by group; each replaces the limits that it has
	Severity       Ernst             // of any bad row; "" if Limits decide
	Accepted       []Acceptance      `json:",omitempty"`

	Notify  []string // roles
	Explain string   // Dutch, with placeholders
	Action  string   `json:",omitempty"` // Dutch, with the same placeholders: what to do
	// ExplainNever and ExplainExpected, unless "", replace Explain in a freshness rule if no delivery was
	// ever accepted, and if one is expected but not late.
	ExplainNever, ExplainExpected string `json:",omitempty"`

	places map[string]place
	shared *sharedSelect // nil if the file is on one table
}

// A place is the position of a value in a file, counted from 1.
type place struct{ line, col int }

// Target is a column of another table.
type Target struct{ Schema, Table, Column string }

// Total is what a sum_matches or reconcile compares with: the sum of a column of another table over the
// rows that meet Where, for each combination of values of the columns On, which both tables have.
type Total struct {
	Target
	Where string
	On    []string
}

// ID returns "<schema>.<table>.<name>", which identifies the check in verdicts, files and messages.
func (r Rule) ID() string { return r.On() + "." + r.Name }

// On returns the table of the rule as "<schema>.<table>".
func (r Rule) On() string { return r.Schema + "." + r.Table }

// Percentage reports whether values and limits of the rule are percentages.
func (r Rule) Percentage() bool {
	return r.Kind == Coverage || r.Kind == Share || r.Kind == VolumeChange || r.Kind == Outlier || r.Percent
}

// Severities returns every ernst that a failing verdict of the rule can have, mildest first.
func (r Rule) Severities() []Ernst {
	may := map[Ernst]bool{r.Severity: true}
	if r.Kind == Freshness && r.Severity != "" {
		may[Info] = true // expected, but not late yet
	}
	for _, limits := range r.allLimits() {
		for i, l := range limits.InOrder() {
			ernst := [...]Ernst{Waarschuwing, Alarm, Blokkerend}[i]
			may[ernst] = may[ernst] || l != nil
		}
	}
	all := []Ernst{Info, Waarschuwing, Alarm, Blokkerend}
	return slices.DeleteFunc(all, func(ernst Ernst) bool { return !may[ernst] })
}

// References returns the other tables, as "schema.table", that a relationship, reconcile or
// sum_matches rule compares with.
func (r Rule) References() []string {
	switch {
	case r.Kind == Relationship:
		return []string{r.Reference.Schema + "." + r.Reference.Table}
	case r.Total != nil:
		return []string{r.Total.Schema + "." + r.Total.Table}
	}
	return nil
}

// Ernst is the severity of a verdict.
type Ernst string

// The severities, as published.
const (
	OK           Ernst = "ok"
	Info         Ernst = "info"
	Waarschuwing Ernst = "waarschuwing"
	Alarm        Ernst = "alarm"
	Blokkerend   Ernst = "blokkerend"   // stops publication
	GeenOordeel  Ernst = "geen_oordeel" // not enough data to judge
)

// severities maps a severity in a check file to the ernst of a verdict on bad rows.
var severities = map[string]Ernst{
	"block": Blokkerend, "alarm": Alarm, "warn": Waarschuwing, "info": Info,
}
