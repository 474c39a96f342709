package checks

// Ernst is the word of a verdict.
type Ernst string

// The words of a verdict.
const (
	OK           Ernst = "ok"
	Info         Ernst = "info"
	Waarschuwing Ernst = "waarschuwing"
	Alarm        Ernst = "alarm"
	Blokkerend   Ernst = "blokkerend"   // publication is withheld
	GeenOordeel  Ernst = "geen_oordeel" // too little to go by
)

// severities are the words of check files for the ernst of any bad row.
var severities = map[string]Ernst{
	"block": Blokkerend, "alarm": Alarm, "warn": Waarschuwing, "info": Info,
}

// Since is the index of the first peildatum of the current ernst in a row, in a history from old to
// new of one check and group; -1 for an empty history.
func Since(history []Ernst) int {
	first := len(history) - 1
	for first > 0 && history[first-1] == history[first] {
		first--
	}
	return first
}
