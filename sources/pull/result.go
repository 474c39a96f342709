package pull

import "inbeeld/sources/place"

// A Result is the result of a pull. Each list is in order of source or folder, then of arrival.
type Result struct {
	Landed []Landed `json:"landed,omitempty"`
	// Repeated files were not new; they were removed without a receipt.
	Repeated []Repeated `json:"repeated,omitempty"`
	// Growing files, and those that wait for a pakbon, stay for the next run.
	Growing []Left `json:"growing,omitempty"`
	// Unrecognised files and folders stay until a person acts.
	Unrecognised []Left `json:"unrecognised,omitempty"`
	// Failed files stay for the next run, or landed but could not be removed.
	Failed []Failed `json:"-"`
}

// Landed is a file that got a receipt.
type Landed struct {
	Source    string `json:"source"`
	ID        string `json:"id"`
	Peildatum string `json:"peildatum"`
	File      string `json:"file"`
	Sequence  int64  `json:"sequence"`
	// Returned is set if the delivery had been received before.
	Returned bool `json:"returned,omitempty"`
}

// Repeated is a file that got no receipt.
type Repeated struct {
	Source string       `json:"source"`
	ID     string       `json:"id"`
	File   string       `json:"file"`
	Reason place.Reason `json:"reason"`
}

// Left is a file or folder that stays where it is.
type Left struct {
	// Source is empty if no contract, or more than one, has the folder.
	Source string `json:"source,omitempty"`
	// Dir is relative to the data directory; File is empty for the folder itself.
	Dir    string       `json:"dir"`
	File   string       `json:"file,omitempty"`
	Reason place.Reason `json:"reason"`
	// Expected has the patterns of file names, or the folders, that would be recognised.
	Expected []string `json:"expected,omitempty"`
}

// Failed is a file, or a folder if File is empty, with its error.
type Failed struct {
	Source string
	Dir    string
	File   string
	Err    error
}
