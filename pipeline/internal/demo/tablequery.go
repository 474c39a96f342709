package demo

import _ "embed"

// TableQuery gives, from the published marts, the table of the letter on the last peildatum: all
// columns text, a row per gemeente and a row of totals.
//
//go:embed tabel.sql
var TableQuery string
