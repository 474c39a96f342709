package contract

import (
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// A Format is the file format that the supplier must use. What it leaves open is detected in each file.
type Format struct {
	Encoding string // one of encodings, or ""
	// Separator separates fields, Quote surrounds a field, and Escape precedes a quote in it. 0 leaves them
	// open; without Escape quotes are doubled.
	Separator, Quote, Escape byte
	Sheet                    string // of a workbook
	// Identity is the file in secrets/ with our key for age or OpenPGP, or the password of zips.
	Identity string
}

var encodings = []string{"utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-15"}

var secretName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (m mapping) format() Format {
	var f Format
	fm, ok := m.block("format", "encoding", "separator", "quote", "escape", "sheet", "identity")
	if !ok {
		return f
	}
	if f.Encoding = strings.ToLower(fm.text("encoding")); f.Encoding != "" && !slices.Contains(encodings, f.Encoding) {
		fm.Fault(fm.Get("encoding"), projectfile.DidYouMean(f.Encoding, encodings), "unknown encoding %q", f.Encoding)
	}
	f.Separator = fm.character("separator", `write one ASCII character in quotes, such as ";" or "\t"`, func(c byte) bool {
		return c < 0x80 && !strings.ContainsRune("\"'\r\n\x00", rune(c))
	})
	f.Quote = fm.character("quote", `write '"' or "'"`, func(c byte) bool { return c == '"' || c == '\'' })
	f.Escape = fm.character("escape", `write '\', or leave it out if quotes are doubled`, func(c byte) bool { return c == '\\' })
	if f.Escape != 0 && f.Escape == f.Separator {
		fm.Fault(fm.Get("escape"), "", "\"escape\" is also the separator")
	}
	f.Sheet = strings.TrimSpace(fm.text("sheet"))
	if f.Identity = fm.text("identity"); f.Identity != "" && !secretName.MatchString(f.Identity) {
		fm.Fault(fm.Get("identity"), "write the name of a file in the folder secrets of the data directory, such as leverancier.age", "\"identity\" cannot be %q", f.Identity)
	}
	return f
}

// character returns the ASCII character at key, or 0 if there is none.
func (m mapping) character(key, hint string, allowed func(byte) bool) byte {
	n := m.Get(key)
	if n == nil {
		return 0
	}
	s, ok := n.Scalar()
	if !ok || len(s) != 1 || !allowed(s[0]) {
		m.Fault(n, hint, "%q cannot be %q", key, s)
		return 0
	}
	return s[0]
}
