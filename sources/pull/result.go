package pull

import "inbeeld/sources/place"

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
	Source string       `json:"source"`
	ID     string       `json:"id"`
	File   string       `json:"file"`
	Reason place.Reason `json:"reason"`
}

// Left is a file or folder that stays where it is.
type Left struct {
	// Source is empty when no contract, or more than one, has the folder.
	Source string `json:"source,omitempty"`
	// Dir is relative to the data directory; File is empty when the folder itself is meant.
	Dir    string       `json:"dir"`
	File   string       `json:"file,omitempty"`
	Reason place.Reason `json:"reason"`
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
