package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

var testDialect = Dialect{Separator: ';', Quote: '"'}

var testColumns = []Column{
	{Name: "BSN", Aliases: []string{"Burgerservicenr", "sofi"}, Required: true},
	{Name: "Naam", Aliases: []string{"Nm"}, Required: true},
	{Name: "Woonplaats", Required: true},
	{Name: "Sector", Aliases: []string{"Branche", "naam2"}},
}

// tuning makes a reader small, so that small files meet every boundary.
type tuning struct {
	chunk, rows, bytes, max int
	escape                  byte
}

func (u tuning) dialect() Dialect {
	d := testDialect
	d.Escape = u.escape
	return d
}

func (u tuning) reader(data []byte, enc Encoding, columns []Column) *Reader {
	r := newCSVReader(bytes.NewReader(data), int64(len(data)), enc, u.dialect(), columns)
	scan := r.src.(*scanner)
	scan.w.src.chunk, r.rows, r.bytes, scan.max = u.chunk, u.rows, u.bytes, u.max
	return r
}

var defaultTuning = tuning{chunk: chunk, rows: BatchRows, bytes: batchBytes, max: MaxRecord}

// collect reads a file to its end and checks the invariants of every batch.
func collect(t testing.TB, r *Reader) refResult {
	t.Helper()
	var res refResult
	var b Batch
	columns := len(r.matcher.columns)
	for last := int64(0); ; {
		err := r.Next(t.Context(), &b)
		if errors.Is(err, io.EOF) {
			if b.N != 0 {
				t.Fatalf("end of file with %d rows", b.N)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.N == 0 || b.N > r.rows || len(b.Regel) != b.N || len(b.Fault) != b.N || len(b.Columns) != columns {
			t.Fatalf("batch of %d rows, %d lines, %d faults, %d columns", b.N, len(b.Regel), len(b.Fault), len(b.Columns))
		}
		for i := range b.N {
			if b.Regel[i] <= last {
				t.Fatalf("line %d after line %d", b.Regel[i], last)
			}
			last = b.Regel[i]
			row := refRow{Regel: b.Regel[i], Fault: b.Fault[i]}
			for c := range b.Columns {
				v := &b.Columns[c]
				text := string(v.Data[v.Offsets[i]:v.Offsets[i+1]])
				switch valid := v.Valid[i/8]>>(i%8)&1 == 1; {
				case valid && text != "":
					row.Values = append(row.Values, "="+text)
				case !valid && text == "":
					row.Values = append(row.Values, "-")
				default:
					t.Fatalf("line %d column %d: valid %v with %q", last, c, valid, text)
				}
			}
			res.rows = append(res.rows, row)
		}
		for c := range b.Columns {
			checkValues(t, &b.Columns[c], b.N)
		}
	}
	res.header, res.balance = r.Header(), r.Balance()
	if a := res.balance; a.Records != a.NietData+a.Data || a.Data != int64(len(res.rows)) {
		t.Fatalf("balance does not close: %+v with %d rows", a, len(res.rows))
	}
	return res
}

// checkValues checks the lengths that Arrow relies on.
func checkValues(t testing.TB, v *Values, n int) {
	t.Helper()
	set := 0
	for _, b := range v.Valid {
		for ; b != 0; b &= b - 1 {
			set++
		}
	}
	if len(v.Offsets) != n+1 || len(v.Valid) != (n+7)/8 || v.Nulls != n-set || int(v.Offsets[n]) != len(v.Data) {
		t.Fatalf("%d rows: %d offsets, %d bytes of validity, %d set, %d nulls", n, len(v.Offsets), len(v.Valid), set, v.Nulls)
	}
}

func difference(want, got refResult) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want.rows, got.rows) + cmp.Diff(want.header, got.header) + cmp.Diff(want.balance, got.balance)
}

// encode writes text in enc. The character U+E000 becomes bytes that do not decode.
func encode(rnd *rand.Rand, enc Encoding, text string) []byte {
	pick := func(bad ...string) string { return bad[rnd.IntN(len(bad))] }
	var out []byte
	switch enc {
	case UTF8:
		if rnd.IntN(3) == 0 {
			out = append(out, "\xEF\xBB\xBF"...)
		}
		for _, r := range text {
			if r == 0xE000 {
				out = append(out, pick("\xFF", "\xC3", "\x80", "\xE2\x82", "\xF0\x9F\x98", "\xED\xA0\x80")...)
			} else {
				out = append(out, string(r)...)
			}
		}
	case Windows1252, Latin9:
		for _, r := range text {
			switch {
			case r == 0xE000:
				out = append(out, pick("\x81", "\x8D", "\x8F", "\x90", "\x9D")...)
			case r == '€' && enc == Latin9:
				out = append(out, 0xA4)
			case r == '€':
				out = append(out, 0x80)
			case r > 255 && enc == Latin9:
				out = append(out, 0xBE)
			case r < 256:
				out = append(out, byte(r))
			default:
				out = append(out, 0x9F)
			}
		}
	case UTF16LE, UTF16BE:
		put := func(u uint16) {
			if enc == UTF16LE {
				out = append(out, byte(u), byte(u>>8))
			} else {
				out = append(out, byte(u>>8), byte(u))
			}
		}
		put(0xFEFF)
		for _, r := range text {
			switch {
			case r == 0xE000:
				put(uint16(0xD800 + rnd.IntN(0x800)))
			case r > 0xFFFF:
				a, b := utf16.EncodeRune(r)
				put(uint16(a))
				put(uint16(b))
			default:
				put(uint16(r))
			}
		}
		if rnd.IntN(10) == 0 {
			out = append(out, 'x')
		}
	}
	return out
}

var snippets = []string{
	`"`, `"`, `""`, `;`, `;`, `;"`, `";`, `";"`, `"x"`, "\"\n", "\n", "\r\n", "\r", "\n\n", "a", "bc", "é", "€", "😀",
	" ", "\u00A0", "\x00", "\t", "0", "12", ".", ",", "1.234", "Totaal", "totaal 3", "\uE000", "BSN", "Naam", "\uFEFF",
	"a\";\"\n", "\";\"y\n", ";;;\n", "  ;\" \";;\n",
	`\`, `\"`, `"\`, `\\`, "\\\n",
}

var values = []string{
	"", "", "a", "x y", " é ", "123456782", `"q"`, `"a;b"`, "\"a\nb\"", "\"a\r\nb\"", `"say ""hi"""`, `""`, `" "`, `a"b`,
	` "a"`, "Totaal", "1.234", "\u00A0z", "😀", "Gooise Meren", "\"\r\"", `"""t"""`, `"a\"b"`, `"a\\"`, "\"a\\\nb\"",
}

// smallFile makes the text of a small file: mostly valid, with some damage.
func smallFile(rnd *rand.Rand) string {
	pick := func(of []string) string { return of[rnd.IntN(len(of))] }
	end := pick([]string{"\n", "\r\n", "\r"})
	var b strings.Builder
	for range rnd.IntN(4) * rnd.IntN(2) {
		b.WriteString(pick([]string{"", "Overzicht", "BSN;x", `"BSN`, "  ", "Totaal;3", "Lijst;;"}) + end)
	}
	if rnd.IntN(60) == 0 {
		b.WriteString(strings.Repeat("voor"+end, 45+rnd.IntN(8)))
	}
	if rnd.IntN(12) > 0 {
		b.WriteString(pick([]string{
			"BSN;Naam;Woonplaats;Sector", " bsn ;NAAM;\"Woonplaats\"", "Sector;Nm;sofi;Overig;;overig", "Naam;Woonplaats",
			"BSN;Burgerservicenr;naam;Naam;Branche;naam2", "naam2;\"\"\"x\"\"\";sofi;Woonplaats;nm",
		}) + end)
	}
	for range rnd.IntN(9) {
		n := 4 + (rnd.IntN(3)-1)*rnd.IntN(2)
		for i := range n {
			if i > 0 {
				b.WriteByte(';')
			}
			b.WriteString(pick(values))
		}
		b.WriteString(end)
		if rnd.IntN(5) == 0 {
			b.WriteString(pick([]string{"", ";;;", " ;\" \"", "\u00A0"}) + end)
		}
	}
	for range rnd.IntN(3) * rnd.IntN(2) {
		b.WriteString(pick([]string{"Totaal;3", ";;totaal: 1.234", `"Totaal`, `"TOTAAL";"2,5";7`, "Totaal 1234.5 van 12", "voet;2"}) + end)
	}
	text := b.String()
	for range rnd.IntN(4) * rnd.IntN(3) {
		runes := []rune(text)
		at := rnd.IntN(len(runes) + 1)
		to := min(len(runes), at+rnd.IntN(3)*rnd.IntN(2))
		text = string(runes[:at]) + pick(snippets) + string(runes[to:])
	}
	if rnd.IntN(3) == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	if rnd.IntN(8) == 0 {
		text = ""
		for range rnd.IntN(40) {
			text += pick(snippets)
		}
	}
	return text
}

// TestSmallFiles compares the reader with the reference on random small files.
func TestSmallFiles(t *testing.T) {
	encodings := []Encoding{UTF8, UTF16LE, UTF16BE, Windows1252, Latin9}
	seen := map[string]int{}
	for seed := range uint64(4000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		enc := encodings[rnd.IntN(len(encodings))]
		data := encode(rnd, enc, smallFile(rnd))
		for _, limit := range []int{MaxRecord, 5 + rnd.IntN(40)} {
			escape := []byte{0, '\\'}[seed%2]
			want := refRead(data, enc, tuning{escape: escape}.dialect(), testColumns, limit)
			for _, row := range want.rows {
				seen[fmt.Sprint("fault ", row.Fault)]++
			}
			seen[fmt.Sprint("header ", want.header.Found)]++
			seen[fmt.Sprint("total ", want.balance.Totaal != nil)]++
			for _, size := range []int{1, 2, 3, 7, 64, chunk} {
				u := tuning{chunk: size, rows: 1 + rnd.IntN(9), bytes: 1 + rnd.IntN(60), max: limit, escape: escape}
				if size == chunk {
					u.rows, u.bytes = BatchRows, batchBytes
				}
				got := collect(t, u.reader(data, enc, testColumns))
				if diff := difference(want, got); diff != "" {
					t.Fatalf("seed %d, %s, %+v: (-want +got)\n%s\n%q", seed, enc, u, diff, data)
				}
			}
		}
	}
	for _, what := range []string{
		"fault 0", "fault 1", "fault 2", "fault 3", "fault 4", "header true", "header false", "total true", "total false",
	} {
		if seen[what] < 100 {
			t.Errorf("the files are too tame: %s only %d times", what, seen[what])
		}
	}
}

// TestLargeFiles compares the reader with the reference on files with faults where chunks meet.
func TestLargeFiles(t *testing.T) {
	for seed, enc := range []Encoding{UTF8, UTF16LE, UTF16BE, Windows1252, UTF8, UTF8} {
		rnd := rand.New(rand.NewPCG(uint64(seed), 2))
		var b strings.Builder
		b.WriteString("BSN;Naam;Woonplaats;Sector\r\n")
		size := (3 + rnd.IntN(3)) << 20
		perByte := 1
		if enc == UTF16LE || enc == UTF16BE {
			perByte = 2
		}
		for b.Len()*perByte < size {
			if into := b.Len() * perByte % chunk; into > chunk-300 || into < 300 {
				for range rnd.IntN(12) {
					b.WriteString(snippets[rnd.IntN(len(snippets))])
				}
				// One unclosed quote is enough: the reference searches for its end each time.
				b.WriteString("\n\"x\"\n")
				continue
			}
			for i := range 4 {
				b.WriteString(values[rnd.IntN(len(values))])
				b.WriteString([]string{";", ";", ";", "\r\n"}[i])
			}
		}
		b.WriteString("Totaal;12")
		data := encode(rnd, enc, b.String())
		want := refRead(data, enc, testDialect, testColumns, MaxRecord)
		got := collect(t, defaultTuning.reader(data, enc, testColumns))
		if diff := difference(want, got); diff != "" {
			t.Fatalf("seed %d, %s: (-want +got)\n%.4000s", seed, enc, diff)
		}
		if len(got.rows) < 10000 {
			t.Errorf("seed %d, %s: only %d rows", seed, enc, len(got.rows))
		}
	}
}
