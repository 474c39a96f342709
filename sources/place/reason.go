package place

// A Reason is why a file stays in its place or was not received again, in Dutch for operators.
type Reason string

// The reasons.
const (
	Growing        Reason = "groeit nog"
	NoPakbon       Reason = "wacht op de pakbon"
	LonePakbon     Reason = "pakbon zonder levering; lever beide opnieuw, samen"
	NoMatch        Reason = "naam niet herkend"
	NoContract     Reason = "geen bron voor deze map"
	OutsideFolder  Reason = "staat niet in de map van een bron"
	ImpossibleDate Reason = "naam met een onmogelijke datum"
	IsFolder       Reason = "is een map"
	NotRegular     Reason = "is geen gewoon bestand"
	Hidden         Reason = "verborgen bestand"
	Temporary      Reason = "tijdelijk bestand"
	OutsideGlob    Reason = "valt buiten het patroon van de bron"

	SameAsInForce Reason = "gelijk aan de levering die geldt"
	SameAsNewest  Reason = "gelijk aan de levering die net is ontvangen"
	AlreadyLanded Reason = "al ontvangen in een eerdere ronde"
)
