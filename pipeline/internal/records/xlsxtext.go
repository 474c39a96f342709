package records

import (
	"encoding/xml"
	"strconv"
	"unicode/utf8"
)

// xmlText collects the text within <v> and <t>, except within <rPh>, which has the pronunciation of
// another text.
type xmlText struct {
	depth    int // in <v> and <t>
	phonetic int // in <rPh>
}

// appendToken appends the text of a token.
func (x *xmlText) appendToken(dst []byte, token xml.Token) []byte {
	switch t := token.(type) {
	case xml.StartElement:
		switch t.Name.Local {
		case "v", "t":
			x.depth++
		case "rPh":
			x.phonetic++
		}
	case xml.EndElement:
		switch t.Name.Local {
		case "v", "t":
			x.depth--
		case "rPh":
			x.phonetic--
		}
	case xml.CharData:
		if x.depth > 0 && x.phonetic == 0 {
			return append(dst, t...)
		}
	}
	return dst
}

// unescapeCell replaces escapes such as _x000D_, from begin on, by the character they stand for.
func unescapeCell(cell []byte, begin int) []byte {
	const length = len("_x000D_")
	out := begin
	for i := begin; i < len(cell); {
		if i+length <= len(cell) && cell[i] == '_' && cell[i+1] == 'x' && cell[i+length-1] == '_' {
			if n, err := strconv.ParseUint(string(cell[i+2:i+length-1]), 16, 16); err == nil && utf8.ValidRune(rune(n)) {
				out += utf8.EncodeRune(cell[out:], rune(n))
				i += length
				continue
			}
		}
		cell[out] = cell[i]
		out++
		i++
	}
	return cell[:out]
}
