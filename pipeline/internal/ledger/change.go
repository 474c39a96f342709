package ledger

// A Change is how what a run would publish of a mart differs from what is published. Rows are told apart
// by the grain of the mart.
type Change struct {
	Mart string `json:"mart"`
	// Redefined says that its definition is another one; Causes are the project files that changed, or
	// "program".
	Redefined bool     `json:"redefined"`
	Causes    []string `json:"causes,omitempty"`
	// Gone says that the mart is no longer made; Damaged that what is published of it is not what was
	// published, so that it cannot be compared.
	Gone    bool `json:"gone,omitempty"`
	Damaged bool `json:"damaged,omitempty"`

	Rows    int64          `json:"rows"` // that are published
	Added   int64          `json:"added"`
	Removed int64          `json:"removed"`
	Changed int64          `json:"changed"` // with the same key and another value in a column that was there
	Lost    []string       `json:"lost,omitempty"`
	Columns []ColumnChange `json:"columns,omitempty"` // those in which rows changed
	// Over are the limits that this goes beyond, in Dutch; none when it may be published.
	Over []string `json:"over,omitempty"`
}

// A ColumnChange is how one column changed in rows that stay. Of numbers, Largest is the largest
// difference, and Relative that as a percentage of what it was, in any row in which it was not 0; an
// empty value counts as 0.
type ColumnChange struct {
	Column   string `json:"column"`
	Rows     int64  `json:"rows"`
	Largest  string `json:"largest,omitempty"`
	Relative string `json:"relative,omitempty"`
	// FromNothing counts rows in which it was 0, and is not.
	FromNothing int64 `json:"from_nothing,omitempty"`
}

// A Hold is a publication that waits for a person.
type Hold struct {
	// Digest is over what is published, what would be, and what that was made from: an approval is of
	// exactly this.
	Digest string `json:"digest"`
	// Base is the version that is published.
	Base string `json:"base"`
	// Redefined is a fingerprint of the changed definitions that it waits for, "" when it waits for a
	// budget only.
	Redefined string `json:"redefined,omitempty"`
	// Inputs is the fingerprint of everything that the run depended on.
	Inputs string `json:"inputs"`
	// Deliveries are those, "source/id", that what is published was not made of: they came with a changed
	// definition.
	Deliveries []string `json:"deliveries,omitempty"`
}
