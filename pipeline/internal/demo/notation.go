package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// notation is how a supplier writes values in one file.
type notation struct {
	date     string // layout of package time
	noDate   string // text for an unknown date
	ja, nee  string
	sign     string              // decimal sign
	code     string              // format of a gemeentecode
	lower    bool                // codes in lower case
	dots     bool                // in thousands
	spelling map[string][]string // of gemeenten, used in turn; others are spelt correctly
}

var (
	// iso is the plain notation. Its variants have codes in lower case, thousands with dots, or a decimal point.
	iso          = notation{date: time.DateOnly, ja: "J", nee: "N", sign: ",", code: "%04d"}
	isoLower     = notation{date: time.DateOnly, ja: "J", nee: "N", sign: ",", code: "%04d", lower: true}
	isoThousands = notation{date: time.DateOnly, ja: "J", nee: "N", sign: ",", code: "%04d", dots: true}
	isoPoint     = notation{date: time.DateOnly, ja: "J", nee: "N", sign: ".", code: "%04d"}
	// suwi is the notation of data exchange between systems.
	suwi = notation{date: "20060102", noDate: "00000000", ja: "J", nee: "N", sign: ",", code: "GM%04d"}
	// sheet is the notation of a spreadsheet. Its variant writes 31-12-9999 for an open date.
	sheet     = notation{date: "2-1-2006", ja: "Ja", nee: "Nee", sign: ",", code: "%d"}
	sheetOpen = notation{date: "2-1-2006", noDate: "31-12-9999", ja: "Ja", nee: "Nee", sign: ",", code: "%d"}
)

// Spellings found in real documents and extracts. None of them spells Wijdemeren correctly.
var (
	namesSonar = map[string][]string{
		"Wijdemeren": {"Wijdmeren", "Wijdemerem"},
		"Laren":      {"Laren (NH.)"},
		"Hilversum":  {"Hilversum", "Gem. Hilversum"},
	}
	namesRegister = map[string][]string{
		"Wijdemeren": {"Wijdemeeren", "Wijdereen"},
		"Huizen":     {"Huizen", "Huizen", "gemeente Huizen"},
		"Hilversum":  {"HILVERSUM"},
	}
	namesMixed = map[string][]string{
		"Wijdemeren": {"Wijdmeren", "Wijdemeeren", "Wijdereen", "Wijdemerem"},
		"Laren":      {"Laren (NH.)", "Laren NH"},
		"Hilversum":  {"Hilversum", "HILVERSUM", "Gem. Hilversum"},
		"Huizen":     {"Huizen", "gemeente Huizen"},
	}
)

func (n notation) spelt(names map[string][]string) notation {
	n.spelling = names
	return n
}

// gemeentecodes are the CBS numbers of the gemeenten in the demo; others get no code.
var gemeentecodes = map[string]int{
	"Blaricum": 376, "Eemnes": 317, "Gooise Meren": 1942, "Hilversum": 402,
	"Huizen": 406, "Laren": 417, "Weesp": 457, "Wijdemeren": 1696, "Amsterdam": 363,
}

// speller writes the values of one file.
type speller struct {
	notation
	turn map[string]int // how often each gemeente was written
}

func newSpeller(n notation) *speller { return &speller{notation: n, turn: map[string]int{}} }

func (s *speller) dateOf(d time.Time) string {
	if d.IsZero() {
		return s.noDate
	}
	return d.Format(s.date)
}

func (s *speller) janee(yes bool) string {
	if yes {
		return s.ja
	}
	return s.nee
}

func (s *speller) codeOf(value string) string {
	if s.lower {
		return strings.ToLower(value)
	}
	return value
}

// decimal writes a value; zero means unknown.
func (s *speller) decimal(v float64) string {
	if v == 0 {
		return ""
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), ".", s.sign, 1)
}

// integer writes a value; zero means unknown.
func (s *speller) integer(v int) string { return s.decimal(float64(v)) }

func (s *speller) gemeente(name string) string {
	names := s.spelling[name]
	if len(names) == 0 {
		return name
	}
	turn := s.turn[name]
	s.turn[name]++
	return names[turn%len(names)]
}

func (s *speller) gemeentecode(name string) string {
	code, ok := gemeentecodes[name]
	if !ok {
		return ""
	}
	return fmt.Sprintf(s.code, code)
}
