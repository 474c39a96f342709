package records

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// caseColumns: a and b are required, c is not.
var caseColumns = []Column{
	{Name: "a", Required: true}, {Name: "b", Aliases: []string{"bee", "beta"}, Required: true}, {Name: "c"},
}

// outcome writes a result so that a case fits on one line: rows as regel:values or regel!fault, and
// the balance as records=niet-data+data.
func outcome(res refResult) string {
	var out []string
	for _, row := range res.rows {
		if row.Fault != NoFault {
			out = append(out, fmt.Sprintf("%d!%s", row.Regel, [...]string{"", "fields", "quoting", "bytes", "long"}[row.Fault]))
			continue
		}
		var vs []string
		for _, v := range row.Values {
			vs = append(vs, strings.TrimPrefix(v, "="))
		}
		out = append(out, fmt.Sprintf("%d:%s", row.Regel, strings.Join(vs, "|")))
	}
	b := res.balance
	out = append(out, fmt.Sprintf("%d=%d+%d", b.Records, b.NietData, b.Data))
	if b.Totaal != nil && b.Totaal.Count != nil {
		out = append(out, fmt.Sprintf("totaal %d:%d", b.Totaal.Regel, *b.Totaal.Count))
	} else if b.Totaal != nil {
		out = append(out, fmt.Sprintf("totaal %d", b.Totaal.Regel))
	}
	return strings.Join(out, " ")
}

const abc = "a;b;c\n"

func TestRecords(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"an empty file", "", "0=0+0"},
		{"one line end", "\n", "1=1+0"},
		{"only a header", "a;b;c", "1=1+0"},
		{"only a header with line end", abc, "1=1+0"},
		{"a record", abc + "1;2;3\n", "2:1|2|3 2=1+1"},
		{"the last line without line end", abc + "1;2;3", "2:1|2|3 2=1+1"},
		{"windows line ends", "a;b;c\r\n1;2;3\r\n4;5;6\r\n", "2:1|2|3 3:4|5|6 3=1+2"},
		{"old mac line ends", "a;b;c\r1;2;3\r4;5;6\r", "2:1|2|3 3:4|5|6 3=1+2"},
		{"mixed line ends", "a;b;c\r1;2;3\n4;5;6\r\n7;8;9", "2:1|2|3 3:4|5|6 4:7|8|9 4=1+3"},
		{"\\n\\r is two line ends", abc + "1;2;3\n\r4;5;6\n", "2:1|2|3 4:4|5|6 4=2+2"},
		{"outer white space", abc + " 1\t;\u00A02\u2003; 3 3 \n", "2:1|2|3 3 2=1+1"},
		{"white space only is empty", abc + "1; ;\u00A0\n", "2:1|-|- 2=1+1"},
		{"a byte order mark within is no white space", abc + "1;\uFEFF;3\n", "2:1|\uFEFF|3 2=1+1"},
		{"NUL is a character", abc + "\x001;\x00;3\n", "2:\x001|\x00|3 2=1+1"},

		{"quoted fields", abc + `"1";"2";"3"` + "\n", "2:1|2|3 2=1+1"},
		{"a quoted separator", abc + `1;"2;2";3` + "\n", "2:1|2;2|3 2=1+1"},
		{"a quoted line end", abc + "1;\"2\n2\";3\n4;5;6\n", "2:1|2\n2|3 4:4|5|6 3=1+2"},
		{"every kind of quoted line end counts as a line", abc + "1;\"\n\r\n\r\";3\n4;5;6\n", "2:1|-|3 6:4|5|6 3=1+2"},
		{"\\r and \\n on both sides of a closing quote", abc + "1;2;\"3\r\"\n4;5;6\n", "2:1|2|3 4:4|5|6 3=1+2"},
		{"a quoted line end at the end of the file", abc + "1;2;\"3\n\"", "2:1|2|3 2=1+1"},
		{"a doubled quote", abc + `1;"2""2";3` + "\n", `2:1|2"2|3 2=1+1`},
		{"doubled quotes only", abc + `1;"""""";3` + "\n", `2:1|""|3 2=1+1`},
		{"an empty quoted field", abc + `1;"";3` + "\n", "2:1|-|3 2=1+1"},
		{"white space in quotes", abc + `1;" 2 ";" "` + "\n", "2:1|2|- 2=1+1"},
		{"a quote within a field", abc + `1;2"2;3"` + "\n", `2:1|2"2|3" 2=1+1`},
		{"a quote behind white space", abc + `1; "2";3` + "\n", `2:1|"2"|3 2=1+1`},
		{"a quote as the last field", abc + `1;2;"3"`, "2:1|2|3 2=1+1"},

		{"text behind the closing quote", abc + "1;\"2\"x;3\n4;5;6\n", "2!quoting 3:4|5|6 3=1+2"},
		{"white space behind the closing quote", abc + "1;\"2\" ;3\n4;5;6\n", "2!quoting 3:4|5|6 3=1+2"},
		{"a quote that is not closed", abc + "1;\"2;3\n4;5;6\n7;8;9\n", "2!quoting 3:4|5|6 4:7|8|9 4=1+3"},
		{"a quote as the last byte", abc + "1;2;\"", "2!quoting 2=1+1"},
		{"a quote that opens a field elsewhere", abc + "1;\"2;3\n4;\"5\";6\n", "2!quoting 3:4|5|6 3=1+2"},
		{"a quote that a later line closes", abc + "1;\"2;3\n4;5\";6\n", "2:1|2;3\n4;5|6 2=1+1"},
		{"broken after a quoted line end", abc + "1;\"2\n2\"x;3\n4;5;6\n", "2!quoting 3!fields 4:4|5|6 4=1+3"},
		{"broken with a windows line end", "a;b;c\r\n1;\"2;3\r\n4;5;6\r\n", "2!quoting 3:4|5|6 3=1+2"},
		{"broken with a lone \\r", "a;b;c\r1;\"2;3\r4;5;6\r", "2!quoting 3:4|5|6 3=1+2"},
		{"an even number of quotes at the end", abc + "1;2;\"\"\"\n4;5;6", "2!quoting 3:4|5|6 3=1+2"},

		{"too few fields", abc + "1;2\n", "2!fields 2=1+1"},
		{"too many fields", abc + "1;2;3;\n", "2!fields 2=1+1"},
		{"a byte that is no UTF-8", abc + "1;\xFF;3\n4;5;6\n", "2!bytes 3:4|5|6 3=1+2"},
		{"a sequence that the line end breaks off", abc + "1;2;\xC3\n4;5;6\n", "2!bytes 3:4|5|6 3=1+2"},
		{"bytes before quoting", abc + "1;\"\xFF;3\n4;5;6\n", "2!bytes 3:4|5|6 3=1+2"},
		{"bytes before the number of fields", abc + "\xFF\n", "2!bytes 2=1+1"},
		{"quoting before the number of fields", abc + "\"1\"x\n", "2!quoting 2=1+1"},
		{"undecodable in a later line of a record", abc + "1;\"\n\xFF\";3\n4;5;6\n", "2!bytes 4:4|5|6 3=1+2"},

		{"blank records", abc + "\n;;\n\"\";\" \";\u00A0\n1;2;3\n \n", "5:1|2|3 6=5+1"},
		{"a blank record with another number of fields", abc + ";\n;;;;;\n", "3=3+0"},
		{"lines above the header", "Lijst\n\n1;2;3\n" + abc + "1;2;3\n", "5:1|2|3 5=4+1"},
		{"a total above the header", "Totaal;9\n" + abc + "1;2;3\n", "3:1|2|3 3=2+1"},
		{"a broken record above the header", "\"Lijst\n" + abc + "1;2;3\n", "3:1|2|3 3=2+1"},
		{"no header", "x;y\n1;2\nTotaal;1\n", "3=3+0"},
		{"a header with broken quoting", "a;b;\"c\n1;2;3\n", "2=2+0"},
		{"a header in quotes", "\"a\";\"b\";\"c\"\n1;2;3\n", "2:1|2|3 2=1+1"},
		{"a header over two lines", "\" a\n\";b;c\n1;2;3\n", "3:1|2|3 2=1+1"},
		{"a second header is data", abc + abc, "2:a|b|c 2=1+1"},
		{"half of the required columns will do", "b;x\n1;2\n", "2:-|1|- 2=1+1"},
		{"optional columns do not make a header", "c;x\n1;2\n", "2=2+0"},

		{"a total", abc + "1;2;3\nTotaal;1;\n", "2:1|2|3 3=2+1 totaal 3:1"},
		{"a total in any case", abc + "1;2;3\n;\"tOTAALregel\";1.234\n", "2:1|2|3 3=2+1 totaal 3:1234"},
		{"a total with another number of fields", abc + "1;2;3\nTotaal: 1 record\n", "2:1|2|3 3=2+1 totaal 3:1"},
		{"a total without a number", abc + "1;2;3\nTotaal;x;1,5\n", "2:1|2|3 3=2+1 totaal 3"},
		{"a total with lines below it", abc + "1;2;3\nTotaal;1;\n\nGemaakt op\n\"x\n", "2:1|2|3 6=5+1 totaal 3:1"},
		{"a total as the fifth from the end", abc + "1;2;3\nTotaal\nw\nx\n\ny\nz\n", "2:1|2|3 8=7+1 totaal 3"},
		{"a total as the sixth from the end", abc + "Totaal;2;3\nv\nw\nx\ny\nz", "2:Totaal|2|3 3!fields 4!fields 5!fields 6!fields 7!fields 7=1+6"},
		{"the topmost of two totals", abc + "1;2;3\nTotaal;1;\nTotaal;2;\n", "2:1|2|3 4=3+1 totaal 3:1"},
		{"a total with broken quoting", abc + "1;2;3\n\"Totaal;\"7\n", "2:1|2|3 3=2+1 totaal 3:7"},
		{"a total that does not decode", abc + "1;2;3\nTotaal\xFF;7\n", "2:1|2|3 3=2+1 totaal 3:7"},
		{"a total behind white space", abc + "1;2;3\n\u00A0 ;  totaal 5\n", "2:1|2|3 3=2+1 totaal 3:5"},
		{"no total: the word is in a later field", abc + "1;Totaal;3\n", "2:1|Totaal|3 2=1+1"},
		{"no total: the word is quoted within the value", abc + "\"\"\"Totaal\"\"\";2;3\n", "2:\"Totaal\"|2|3 2=1+1"},
		{"only a total", abc + "Totaal;0\n", "2=2+0 totaal 2:0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 5, chunk} {
				u := defaultTuning
				u.chunk = size
				if got := outcome(collect(t, u.reader([]byte(tt.in), UTF8, caseColumns))); got != tt.want {
					t.Errorf("chunks of %d: %q gave\n%s, want\n%s", size, tt.in, got, tt.want)
				}
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	const want = "2:é|€|😀 2=1+1"
	tests := []struct {
		name string
		enc  Encoding
		in   string
		want string
	}{
		{"utf-8", UTF8, "a;b;c\né;€;😀\n", want},
		{"utf-8 with byte order mark", UTF8, "\xEF\xBB\xBFa;b;c\né;€;😀\n", want},
		{"only one byte order mark is taken off", UTF8, "\xEF\xBB\xBF\xEF\xBB\xBFa;b;c\n1;2;3\n", "2:-|2|3 2=1+1"},
		{"utf-16le", UTF16LE, "\xFF\xFEa\x00;\x00b\x00;\x00c\x00\n\x00\xE9\x00;\x00\xAC\x20;\x00\x3D\xD8\x00\xDE\n\x00", want},
		{"utf-16be", UTF16BE, "\xFE\xFF\x00a\x00;\x00b\x00;\x00c\x00\n\x00\xE9\x00;\x20\xAC\x00;\xD8\x3D\xDE\x00\x00\n", want},
		{"half a surrogate pair", UTF16LE, "\xFF\xFEa\x00;\x00b\x00\n\x00\x3D\xD8;\x00x\x00\n\x00y\x00;\x00z\x00", "2!bytes 3:y|z|- 3=1+2"},
		{"half a surrogate pair at the end", UTF16BE, "\xFE\xFF\x00a\x00;\x00b\x00\n\x00x\x00;\xD8\x3D", "2!bytes 2=1+1"},
		{"an odd byte at the end", UTF16LE, "\xFF\xFEa\x00;\x00b\x00\n\x00x\x00;\x00y\x00\n\x00z", "2:x|y|- 3!bytes 3=1+2"},
		{"a separator in the other byte", UTF16LE, "\xFF\xFEa\x00;\x00b\x00\n\x00\x00;;\x00\x0A\x0D\n\x00", "2:\u3b00|\u0d0a|- 2=1+1"},
		{"windows-1252", Windows1252, "a;b;c\n\xE9;\x80;\x9F\xA0\n", "2:é|€|Ÿ 2=1+1"},
		{"windows-1252 knows no byte order mark", Windows1252, "\xEF\xBB\xBFa;b;c\n1;2;3\n", "2:-|2|3 2=1+1"},
		{
			"bytes that windows-1252 leaves undefined", Windows1252,
			"a;b\n\x81;\n\x8D;\n\x8F;\n\x90;\n\x9D;\n\x8E;\xAD\n", "2!bytes 3!bytes 4!bytes 5!bytes 6!bytes 7:Ž|\u00AD|- 7=1+6",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, chunk} {
				u := defaultTuning
				u.chunk = size
				if got := outcome(collect(t, u.reader([]byte(tt.in), tt.enc, caseColumns))); got != tt.want {
					t.Errorf("chunks of %d: got\n%s, want\n%s", size, got, tt.want)
				}
			}
		})
	}
}

// TestLongRecords uses a limit of 10 bytes.
func TestLongRecords(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as long as may be", abc + "12;45;7890\n1;2;3\n", "2:12|45|7890 3:1|2|3 3=1+2"},
		{"as long as may be, in quotes", abc + "1;2;\"6789\"\n", "2:1|2|6789 2=1+1"},
		{"as long as may be, at the end", abc + "12;45;7890", "2:12|45|7890 2=1+1"},
		{"one byte longer", abc + "12;45;78901\n1;2;3\n", "2!long 3:1|2|3 3=1+2"},
		{"one byte longer, at the end", abc + "12;45;78901", "2!long 2=1+1"},
		{"much longer", abc + strings.Repeat("1;2;3", 99) + "\r\n1;2;3\n", "2!long 3:1|2|3 3=1+2"},
		{"bytes count, not characters", abc + "é;éé;éé\n1;2;3\n", "2!long 3:1|2|3 3=1+2"},
		{"a long blank record is not seen to be blank", abc + ";;           \n1;2;3\n", "2!long 3:1|2|3 3=1+2"},
		{"long and undecodable", abc + strings.Repeat("x", 50) + "\xFF\n1;2;3\n", "2!bytes 3:1|2|3 3=1+2"},
		{"long with characters of two bytes", abc + strings.Repeat("é", 50) + "\n1;2;3\n", "2!long 3:1|2|3 3=1+2"},
		{"a long quoted value", abc + "1;\"23456789012\";3\n1;2;3\n", "2!quoting 3:1|2|3 3=1+2"},
		{"a quote closed too late", abc + "1;\"2;3\n4;5;6\n7\";8;9\n", "2!quoting 3:4|5|6 4:7\"|8|9 4=1+3"},
		{"long behind a quoted line end", abc + "1;\"2\n2\";789012\n4;5;6\n", "2!long 4:4|5|6 3=1+2"},
		{"a quote that opens beyond the limit", abc + "1;23456789;\"x\n4;5;6\n", "2!long 3:4|5|6 3=1+2"},
		{"a long line with broken quoting", abc + "\"1\"x;" + strings.Repeat("2", 50) + "\n4;5;6\n", "2!quoting 3:4|5|6 3=1+2"},
		{"a long total", abc + "1;2;3\nTotaal 12, en verder niets\n", "2:1|2|3 3=2+1 totaal 3:12"},
		{"a long line above the header", "een hele lange titel\n" + abc + "1;2;3\n", "3:1|2|3 3=2+1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 5, chunk} {
				u := tuning{chunk: size, rows: BatchRows, bytes: batchBytes, max: 10}
				if got := outcome(collect(t, u.reader([]byte(tt.in), UTF8, caseColumns))); got != tt.want {
					t.Errorf("chunks of %d: %q gave\n%s, want\n%s", size, tt.in, got, tt.want)
				}
			}
		})
	}
}

func TestHeader(t *testing.T) {
	found := func(h Header) Header {
		h.Found, h.Regel = true, max(h.Regel, 1)
		return h
	}
	tests := []struct {
		name, in string
		want     Header
	}{
		{"as in the contract", "a;b;c", found(Header{Fields: 3, Index: []int{0, 1, 2}})},
		{"case and white space", " A ;\u00A0B;\"c \"", found(Header{Fields: 3, Index: []int{0, 1, 2}})},
		{"an alias", "a;BETA;c", found(Header{Fields: 3, Index: []int{0, 1, 2}, Renamed: []string{"BETA (b)"}})},
		{"another order", "c;a;b", found(Header{Fields: 3, Index: []int{1, 2, 0}, Reordered: true})},
		{"new columns are no other order", "x;a;y;b;z;c", found(Header{Fields: 6, Index: []int{1, 3, 5}, Unknown: []string{"x", "y", "z"}})},
		{"an optional column absent", "a;b", found(Header{Fields: 2, Index: []int{0, 1, -1}, Absent: []string{"c"}})},
		{"a required column missing", "c;b", found(Header{Fields: 2, Index: []int{-1, 1, 0}, Missing: []string{"a"}, Reordered: true})},
		{"a name beats an alias", "bee;a;b", found(Header{Fields: 3, Index: []int{1, 2, -1}, Absent: []string{"c"}, Repeated: []string{"bee"}})},
		{"the leftmost name", "a;b;A;b;c", found(Header{Fields: 5, Index: []int{0, 1, 4}, Repeated: []string{"A", "b"}})},
		{"the leftmost alias", "a;beta;bee;c", found(Header{Fields: 4, Index: []int{0, 1, 3}, Renamed: []string{"beta (b)"}, Repeated: []string{"bee"}})},
		{"an unknown name twice", "a;b;c;X;x;;", found(Header{Fields: 7, Index: []int{0, 1, 2}, Unknown: []string{"X"}})},
		{"a doubled quote in a name", `a;b;c;"d""e"`, found(Header{Fields: 4, Index: []int{0, 1, 2}, Unknown: []string{`d"e`}})},
		{"record 50", strings.Repeat("\n", 49) + "a;b;c", found(Header{Regel: 50, Fields: 3, Index: []int{0, 1, 2}})},
		{"record 51", strings.Repeat("\n", 50) + "a;b;c", Header{Index: []int{-1, -1, -1}}},
		{"a line over two lines above it", "\"x\ny\"\na;b;c", found(Header{Regel: 3, Fields: 3, Index: []int{0, 1, 2}})},
		{"the first of two", "b\na;b;c", found(Header{Fields: 1, Index: []int{-1, 0, -1}, Missing: []string{"a"}, Absent: []string{"c"}})},
		{"none", "x;y", Header{Index: []int{-1, -1, -1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := collect(t, defaultTuning.reader([]byte(tt.in), UTF8, caseColumns)).header
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%q (-want +got)\n%s", tt.in, diff)
			}
		})
	}
}

// TestHeaderOfOddContracts has contracts with none or an odd number of required columns.
func TestHeaderOfOddContracts(t *testing.T) {
	three := []Column{{Name: "a", Required: true}, {Name: "b", Required: true}, {Name: "c", Required: true}}
	optional := []Column{{Name: "a"}, {Name: "b"}}
	shared := []Column{{Name: "a", Aliases: []string{"b"}, Required: true}, {Name: "b", Required: true}}
	tests := []struct {
		name    string
		columns []Column
		in      string
		want    []int
		found   bool
	}{
		{"one of three", three, "a;x", []int{-1, -1, -1}, false},
		{"two of three", three, "c;a", []int{1, -1, 0}, true},
		{"nothing required, something there", optional, "x;b", []int{-1, 1}, true},
		{"nothing required, nothing there", optional, "x;y", []int{-1, -1}, false},
		{"an alias that is the name of another column", shared, "b", []int{-1, 0}, true},
		{"no columns at all", nil, "x", []int{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := collect(t, defaultTuning.reader([]byte(tt.in), UTF8, tt.columns)).header
			if diff := cmp.Diff(tt.want, got.Index); diff != "" || got.Found != tt.found {
				t.Errorf("found %v, want %v (-want +got)\n%s", got.Found, tt.found, diff)
			}
		})
	}
}

func TestWholeNumber(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		ok   bool
	}{
		{"", 0, false},
		{"Totaal", 0, false},
		{"1715", 1715, true},
		{"Totaal: 1.715 records", 1715, true},
		{"1.234.567", 1234567, true},
		{"0", 0, true},
		{"12.", 12, true},
		{"12, dus 12", 12, true},
		{"2,5", 0, false},
		{"2.5", 0, false},
		{"1.234,5 van 9", 9, true},
		{"1234.567 van 9", 9, true},
		{"1.2345 van 9", 9, true},
		{"1,234", 0, false},
		{"99999999999999999999 van 9", 9, true},
		{"n=12", 12, true},
	}
	for _, tt := range tests {
		if got, ok := wholeNumber([]byte(tt.in)); got != tt.want || ok != tt.ok {
			t.Errorf("wholeNumber(%q) = %d, %v, want %d, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}
