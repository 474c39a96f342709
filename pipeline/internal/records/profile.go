package records

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"unicode/utf8"
)

// Encoding names how the characters of a file are written as bytes.
type Encoding string

// The encodings in which a delivery may come.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252"
	Latin9      Encoding = "iso-8859-15" // only if declared: it cannot be told from Windows-1252
)

// bom returns the byte order mark that announces the encoding, or "". It is not content.
func (e Encoding) bom() string {
	switch e {
	case UTF8:
		return "\xEF\xBB\xBF"
	case UTF16LE:
		return "\xFF\xFE"
	case UTF16BE:
		return "\xFE\xFF"
	case Windows1252, Latin9:
	}
	return ""
}

// Profile is the result of examining every byte of a file. Lines are counted as in UTF-8, whatever the
// Encoding; of UTF-16 only the bytes are counted.
type Profile struct {
	Encoding  Encoding `json:"encoding"`
	BOM       bool     `json:"bom"`           // the file begins with a byte order mark
	Bytes     int64    `json:"bytes"`         // including the byte order mark
	Lines     int64    `json:"lines"`         // physical lines, including a last one without line end
	Failing   int64    `json:"failing_lines"` // lines that do not decode as UTF-8
	MultiByte int64    `json:"multi_byte"`    // valid sequences of two bytes or more
}

// Profiler is an io.Writer that profiles the bytes written to it. The zero value is ready for use. The
// profile does not depend on how the bytes are split into writes.
type Profiler struct {
	seen    Profile
	head    [3]byte // the first bytes, until there are enough to recognise a byte order mark
	headN   int
	decided bool    // the start of the file has been examined
	rest    [3]byte // the start of a sequence that the last write cut short
	restN   int
	cr      bool // the last byte was \r
	open    bool // the last line has content and no end yet
	failed  bool // the current line has been counted in Failing
}

// Write profiles b. It never fails.
func (p *Profiler) Write(b []byte) (int, error) {
	n := len(b)
	p.seen.Bytes += int64(n)
	if !p.decided {
		took := copy(p.head[p.headN:], b)
		p.headN += took
		b = b[took:]
		if p.headN < len(p.head) {
			return n, nil
		}
		p.start()
	}
	p.scan(b)
	return n, nil
}

// Profile returns the profile of what was written so far.
func (p *Profiler) Profile() Profile {
	end := *p
	if !end.decided {
		end.start()
	}
	if end.restN > 0 {
		end.fail()
	}
	got := end.seen
	if end.open {
		got.Lines++
	}
	if got.Encoding != "" {
		return got
	}
	got.Encoding = Windows1252
	if got.Failing == 0 || got.MultiByte > 0 && got.Failing*100 < got.Lines {
		got.Encoding = UTF8
	}
	return got
}

// JSON returns the profile as JSON.
func (p *Profiler) JSON() json.RawMessage {
	text, err := json.Marshal(p.Profile())
	if err != nil {
		panic("a profile is plain JSON: " + err.Error())
	}
	return text
}

// start recognises a byte order mark in the first bytes of the file and profiles the rest of them.
func (p *Profiler) start() {
	p.decided = true
	head := p.head[:p.headN]
	for _, e := range []Encoding{UTF8, UTF16LE, UTF16BE} {
		if rest, found := bytes.CutPrefix(head, []byte(e.bom())); found {
			p.seen.Encoding, p.seen.BOM = e, true
			head = rest
			break
		}
	}
	p.scan(head)
}

func (p *Profiler) scan(b []byte) {
	if p.seen.Encoding == UTF16LE || p.seen.Encoding == UTF16BE {
		return
	}
	if b = p.resume(b); len(b) == 0 {
		return
	}
	for len(b) > 0 {
		if n := asciiLen(b); n > 0 {
			p.ascii(b[:n])
			b = b[n:]
			continue
		}
		if len(b) < utf8.UTFMax && !utf8.FullRune(b) {
			p.restN = copy(p.rest[:], b)
			p.open, p.cr = true, false
			return
		}
		b = b[p.sequence(b):]
	}
}

// resume completes the sequence that the last write cut short and returns the bytes after it.
func (p *Profiler) resume(b []byte) []byte {
	if p.restN == 0 || len(b) == 0 {
		return b
	}
	var joint [7]byte
	broken := copy(joint[:], p.rest[:p.restN])
	n := broken + copy(joint[broken:broken+utf8.UTFMax], b)
	at := 0
	for at < broken {
		if !utf8.FullRune(joint[at:n]) {
			p.restN = copy(p.rest[:], joint[at:n])
			return nil
		}
		at += p.sequence(joint[at:n])
	}
	p.restN = 0
	return b[at-broken:]
}

// sequence counts the sequence at the start of b, which is not ASCII, and returns its length.
func (p *Profiler) sequence(b []byte) int {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		p.fail()
	} else {
		p.seen.MultiByte++
	}
	p.open, p.cr = true, false
	return n
}

func (p *Profiler) fail() {
	if !p.failed {
		p.failed = true
		p.seen.Failing++
	}
}

// ascii counts the line ends of b, which is ASCII and not empty.
func (p *Profiler) ascii(b []byte) {
	ends := lineBreaks(b)
	last := b[len(b)-1]
	if p.cr && b[0] == '\n' {
		ends--
	}
	p.cr = last == '\r'
	if ends > 0 {
		p.seen.Lines += int64(ends)
		p.failed = false
	}
	p.open = last != '\n' && last != '\r'
}

// lineBreaks counts \n, \r\n and lone \r in b.
func lineBreaks(b []byte) int {
	n := bytes.Count(b, []byte{'\n'})
	if cr := bytes.Count(b, []byte{'\r'}); cr > 0 {
		n += cr - bytes.Count(b, []byte{'\r', '\n'})
	}
	return n
}

// asciiLen returns the length of the ASCII text at the start of b.
func asciiLen(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		if binary.LittleEndian.Uint64(b[n:])&highs != 0 {
			break
		}
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}
