package sources

// A Reason is why a file was left where it is, or was not received again: the Dutch that an operator
// reads beside its name.
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

// A Result is what a pull did. Each list is in order of source or folder, then of arrival.
type Result struct {
	Landed []Landed `json:"landed,omitempty"`
	// Repeated files brought nothing new; they were taken out without a receipt.
	Repeated []Repeated `json:"repeated,omitempty"`
	// Growing files are left for the next run, and so are those that wait for a pakbon.
	Growing []Left `json:"growing,omitempty"`
	// Unrecognised files and folders are left for a person.
	Unrecognised []Left `json:"unrecognised,omitempty"`
	// Failed files are left for the next run, or landed but could not be taken out.
	Failed []Failed `json:"-"`
}

// Landed is a file that made a receipt.
type Landed struct {
	Source    string `json:"source"`
	ID        string `json:"id"`
	Peildatum string `json:"peildatum"`
	File      string `json:"file"`
	Sequence  int64  `json:"sequence"`
	// Returned says that the delivery had been received before.
	Returned bool `json:"returned,omitempty"`
}

// Repeated is a file that made no receipt.
type Repeated struct {
	Source string `json:"source"`
	ID     string `json:"id"`
	File   string `json:"file"`
	Reason Reason `json:"reason"`
}

// Left is a file or folder that stays where it is.
type Left struct {
	// Source is empty when no contract, or more than one, has the folder.
	Source string `json:"source,omitempty"`
	// Dir is relative to the data directory; File is empty when the folder itself is meant.
	Dir    string `json:"dir"`
	File   string `json:"file,omitempty"`
	Reason Reason `json:"reason"`
	// Expected are the patterns for file names, or the folders, that would be recognised.
	Expected []string `json:"expected,omitempty"`
}

// Failed is a file, or a whole folder when File is empty, with what went wrong.
type Failed struct {
	Source string
	Dir    string
	File   string
	Err    error
}
