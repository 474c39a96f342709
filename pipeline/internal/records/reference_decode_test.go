package records

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type refChar struct {
	r    rune
	size int // bytes in UTF-8
	bad  bool
}

func refDecode(enc Encoding, data []byte) []refChar {
	var out []refChar
	bad := refChar{r: -1, size: 1, bad: true}
	switch enc {
	case UTF8:
		s := strings.TrimPrefix(string(data), "\uFEFF")
		for s != "" {
			r, n := utf8.DecodeRuneInString(s)
			if r == utf8.RuneError && n == 1 {
				out = append(out, bad)
			} else {
				out = append(out, refChar{r: r, size: n})
			}
			s = s[n:]
		}
	case Windows1252:
		const high = "€.‚ƒ„…†‡ˆ‰Š‹Œ.Ž..‘’“”•–—˜™š›œ.žŸ"
		table := []rune(high)
		for _, b := range data {
			r := rune(b)
			if b >= 0x80 && b < 0xA0 {
				if r = table[b-0x80]; r == '.' {
					out = append(out, bad)
					continue
				}
			}
			out = append(out, refChar{r: r, size: utf8.RuneLen(r)})
		}
	case Latin9:
		table := map[byte]rune{0xA4: '€', 0xA6: 'Š', 0xA8: 'š', 0xB4: 'Ž', 0xB8: 'ž', 0xBC: 'Œ', 0xBD: 'œ', 0xBE: 'Ÿ'}
		for _, b := range data {
			r := rune(b)
			if other, differs := table[b]; differs {
				r = other
			}
			if b >= 0x80 && b < 0xA0 {
				out = append(out, bad)
				continue
			}
			out = append(out, refChar{r: r, size: utf8.RuneLen(r)})
		}
	case UTF16LE, UTF16BE:
		var units []uint16
		for i := 0; i+1 < len(data); i += 2 {
			a, b := data[i], data[i+1]
			if enc == UTF16LE {
				a, b = b, a
			}
			units = append(units, uint16(a)<<8|uint16(b))
		}
		if len(units) > 0 && units[0] == 0xFEFF {
			units = units[1:]
		}
		for i := 0; i < len(units); i++ {
			r := rune(units[i])
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if i+1 < len(units) {
					pair = utf16.DecodeRune(r, rune(units[i+1]))
				}
				if pair == utf8.RuneError {
					out = append(out, bad)
					continue
				}
				r = pair
				i++
			}
			out = append(out, refChar{r: r, size: utf8.RuneLen(r)})
		}
		if len(data)%2 == 1 {
			out = append(out, bad)
		}
	}
	return out
}

func refText(cs []refChar) string {
	var b strings.Builder
	for _, c := range cs {
		if c.bad {
			b.WriteByte(0xFF)
		} else {
			b.WriteRune(c.r)
		}
	}
	return b.String()
}
