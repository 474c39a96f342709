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
