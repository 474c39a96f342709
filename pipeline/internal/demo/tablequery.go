package demo

import _ "embed"

// TableQuery gives, from the published marts, the table of the letter on the last peildatum: all
// columns text, a row per gemeente and a row of totals.
//
//go:embed tabel.sql
var TableQuery string

// FigureQuery gives, from the published marts, the figures that the deliveries lead to: indicator,
// peildatum, gebied and waarde, all text, named as the kerncijfers name them.
//
//go:embed cijfers.sql
var FigureQuery string

// Config is the inbeeld.yaml of the directory of the demo: it publishes person-level marts too.
const Config = "# The persons of the demo do not exist, so their marts and their deliveries may be looked at.\npublish:\n  intern: true\nretention:\n  landing: 36500\n"
