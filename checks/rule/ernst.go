package rule

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
