package demo

import _ "embed"

// TableQuery selects the table of the letter on the last peildatum from the published marts: all columns
// text, one row per gemeente and one of totals.
//
//go:embed tabel.sql
var TableQuery string

// FigureQuery selects the figures that the deliveries yield from the published marts: indicator, peildatum,
// gebied and waarde, all text, with the names of the kerncijfers.
//
//go:embed cijfers.sql
var FigureQuery string

// Config is the inbeeld.yaml of the demo directory. It publishes person-level marts too.
const Config = "# The persons of the demo do not exist, so their marts and their deliveries may be looked at.\npublish:\n  intern: true\nretention:\n  landing: 36500\n"
