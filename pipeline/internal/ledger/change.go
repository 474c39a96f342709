package ledger

// A Change is the difference between the published version of a mart and the one that a run would
// publish. The grain of the mart identifies its rows.
type Change struct {
	Mart string `json:"mart"`
	// Redefined means that the definition of the mart changed; Causes are the project files that changed,
	// or "program".
	Redefined bool     `json:"redefined"`
	Causes    []string `json:"causes,omitempty"`
	// Gone means that the mart no longer exists; Damaged that its published file was altered, so that it
	// cannot be compared.
	Gone    bool `json:"gone,omitempty"`
	Damaged bool `json:"damaged,omitempty"`

	Rows    int64          `json:"rows"` // in the published version
	Added   int64          `json:"added"`
	Removed int64          `json:"removed"`
	Changed int64          `json:"changed"` // same key, another value in an existing column
	Lost    []string       `json:"lost,omitempty"`
	Columns []ColumnChange `json:"columns,omitempty"` // those in which rows changed
	// Over lists the limits exceeded, in Dutch; if none, it may be published.
	Over []string `json:"over,omitempty"`
}

// A ColumnChange is the difference in one column of the rows in both versions. For numbers, Largest is the
// largest difference and Relative the largest percentage in a row whose value was not 0. An empty value
// counts as 0.
type ColumnChange struct {
	Column   string `json:"column"`
	Rows     int64  `json:"rows"`
	Largest  string `json:"largest,omitempty"`
	Relative string `json:"relative,omitempty"`
	// FromNothing counts the rows whose value was 0 and no longer is.
	FromNothing int64 `json:"from_nothing,omitempty"`
}

// A Hold is a publication that waits for approval.
type Hold struct {
	// Digest identifies what is published, what would be, and what that was made from. It is what a person
	// approves.
	Digest string `json:"digest"`
	// Base is the published version.
	Base string `json:"base"`
	// Redefined is the fingerprint of the changed definitions, or "" if only a limit is exceeded.
	Redefined string `json:"redefined,omitempty"`
	// Inputs is the fingerprint of everything the run depended on.
	Inputs string `json:"inputs"`
	// Deliveries lists, as "source/id", those that the published version lacks because they arrived with a
	// changed definition.
	Deliveries []string `json:"deliveries,omitempty"`
}
