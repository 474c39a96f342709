package records

import (
	"testing"
)

// pairColumns have their names over two records.
var pairColumns = []Column{
	{Name: "Kop BSN", Required: true}, {Name: "Kop naam", Aliases: []string{"Hoofd naam"}, Required: true}, {Name: "Kop uren", Required: true}, {Name: "Sector"},
}

// FuzzReader reads any bytes in any encoding, for a header in one record and for one over two. The balance
// must close, lines must increase, batches must be sound (collect checks these), and the reference must
// agree.
func FuzzReader(f *testing.F) {
	for i, s := range []string{
		"", "\n", "BSN;Naam;Woonplaats;Sector\n1;2;3;4\nTotaal;1\n", "\xFF\xFEB\x00S\x00N\x00", "\"\n\"\"\r;\"x\"y\r\n",
		"naam;woonplaats\n\"a\";\"\n\";b\n\x00;\xC3\n\n;\n", "x\";\"\nx\";\"\n\";\"y\n", "\xEF\xBB\xBFBSN;Naam\r1;\"2\"\"\r\n\"",
		"Kop;Hoofd;;x\nBSN;naam;Sector\n1;2;3;4\nTotaal;1\n", "\nKop BSN;Kop\r;\"uren\n\"\n1;2", "Kop\n\"x\"y\nBSN\nKop;Kop\nBSN;uren\n;;\n1;2",
		"BSN;Naam\n1;\"a\\\"b\\\\\"\n2;\"c\\\"\n3;\"d\\\n\";\"\\",
	} {
		f.Add([]byte(s), uint8(i), uint8(i*3), uint16(i*i))
	}
	encodings := []Encoding{UTF8, UTF16LE, UTF16BE, Windows1252, Latin9}
	f.Fuzz(func(t *testing.T, data []byte, enc, size uint8, limit uint16) {
		if len(data) > 4<<10 {
			return
		}
		e := encodings[int(enc)%len(encodings)]
		u := tuning{chunk: 1 + int(size), rows: 1 + int(enc), bytes: 1 + int(limit), max: 1 + int(limit)}
		if size%2 == 1 {
			u.escape = '\\'
		}
		want := refRead(data, e, u.dialect(), testColumns, u.max)
		if diff := difference(want, collect(t, u.reader(data, e, testColumns))); diff != "" {
			t.Fatalf("%s, %+v: (-want +got)\n%s\n%q", e, u, diff, data)
		}
		pairs := u.reader(data, e, pairColumns)
		pairs.double = true
		if diff := difference(refReadDouble(data, e, u.dialect(), pairColumns, u.max), collect(t, pairs)); diff != "" {
			t.Fatalf("over two records, %s, %+v: (-want +got)\n%s\n%q", e, u, diff, data)
		}
		profile(t, string(data), func(left int) int { return min(left, u.chunk) })
	})
}
