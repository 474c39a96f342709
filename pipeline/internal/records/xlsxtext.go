package records

import (
	"encoding/xml"
	"strconv"
	"unicode/utf8"
)

// xmlText gathers the text within <v> and <t>, but for that in <rPh>, which says how another text is
// pronounced.
type xmlText struct {
	depth  int // in elements that hold text
	spoken int // in <rPh>
}

// take appends what a token holds of the text.
func (x *xmlText) take(dst []byte, token xml.Token) []byte {
	switch t := token.(type) {
	case xml.StartElement:
		switch t.Name.Local {
		case "v", "t":
			x.depth++
		case "rPh":
			x.spoken++
		}
	case xml.EndElement:
		switch t.Name.Local {
		case "v", "t":
			x.depth--
		case "rPh":
			x.spoken--
		}
	case xml.CharData:
		if x.depth > 0 && x.spoken == 0 {
			return append(dst, t...)
		}
	}
	return dst
}

// unescapeCell turns _x000D_ and the like, from begin on, into the character that it stands for.
func unescapeCell(text []byte, begin int) []byte {
	const length = len("_x000D_")
	out := begin
	for i := begin; i < len(text); {
		if i+length <= len(text) && text[i] == '_' && text[i+1] == 'x' && text[i+length-1] == '_' {
			if n, err := strconv.ParseUint(string(text[i+2:i+length-1]), 16, 16); err == nil && utf8.ValidRune(rune(n)) {
				out += utf8.EncodeRune(text[out:], rune(n))
				i += length
				continue
			}
		}
		text[out] = text[i]
		out++
		i++
	}
	return text[:out]
}
