package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// TestWorkbookLimits reads workbooks that unpack to far more than their size.
func TestWorkbookLimits(t *testing.T) {
	tests := []struct {
		name string
		data func() []byte
		want string
	}{
		{"ratio", func() []byte {
			return oneSheet(t, "<worksheet>"+strings.Repeat(" ", smallPart)+"</worksheet>", "<sst/>")
		}, "het Excel-bestand pakt uit tot veel meer dan zijn grootte en is daarom niet gelezen"},
		{"parts", func() []byte {
			var pairs []string
			for i := range maxParts + 1 {
				pairs = append(pairs, fmt.Sprint(i), "")
			}
			return zipped(t, pairs...)
		}, "het Excel-bestand heeft 10001 onderdelen, meer dan 10000"},
		{"entities", func() []byte {
			return oneSheet(t, `<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>`, "<sst/>")
		}, "het Excel-bestand is beschadigd of niet volledig; lever het opnieuw"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.data()
			_, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), "x.xlsx", Form{}, Profile{Encoding: UTF8}, testColumns)
			var unreadable *UnreadableError
			if !errors.As(err, &unreadable) || unreadable.Reason != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestWorkbookStaysOffDisk reads a sheet of some twenty megabytes and checks that nothing is written, not
// even to the folder for temporary files.
func TestWorkbookStaysOffDisk(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const rows = 100_000
	var b strings.Builder
	b.WriteString(`<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c></row>`)
	for i := range rows {
		fmt.Fprintf(&b, `<row><c><v>%d</v></c><c t="str"><v>Naam van nummer %d</v></c><c t="s"><v>2</v></c><c t="inlineStr"><is><t>x</t></is></c></row>`, 900000000+i, i*7919)
	}
	b.WriteString(`</sheetData></worksheet>`)
	if b.Len() < 12<<20 {
		t.Fatalf("only %d bytes", b.Len())
	}
	data := oneSheet(t, strings.Replace(b.String(), `<v>2</v></c></row>`, `<v>2</v></c><c t="s"><v>3</v></c></row>`, 1), "<sst><si><t>BSN</t></si><si><t>Naam</t></si><si><t>Woonplaats</t></si><si><t>Sector</t></si></sst>")
	r, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), "x.xlsx", Form{}, Profile{Encoding: UTF8}, testColumns)
	if err != nil {
		t.Fatal(err)
	}
	var batch Batch
	for err == nil {
		err = r.Next(t.Context(), &batch)
		if left, readErr := os.ReadDir(dir); readErr != nil || len(left) > 0 {
			t.Fatalf("%v, %v", left, readErr)
		}
	}
	if want := (Balance{Records: rows + 1, NietData: 1, Data: rows}); !errors.Is(err, io.EOF) || r.Balance() != want {
		t.Errorf("%+v, %v", r.Balance(), err)
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct {
		raw         string
		round, json string
	}{
		{"0", "0", "0"},
		{"-0.0", "0", "0"},
		{"402", "402", "402"},
		{"1.234", "1,234", "1,234"},
		{"1.500", "1,5", "1,5"},
		{"+7", "7", "7"},
		{"-12.50", "-12,5", "-12,5"},
		{".5", "0,5", "0,5"},
		{"1.23456782E+8", "123456782", "123456782"},
		{"1e3", "1000", "1000"},
		{"25e-1", "2,5", "2,5"},
		{"1E-7", "0,0000001", "0,0000001"},
		{"0.30000000000000004", "0,3", "0,30000000000000004"},
		{"12.099999999999999", "12,1", "12,099999999999999"},
		{"9.99999999999999999", "10", "9,99999999999999999"},
		{"123456789012345678", "123456789012345678", "123456789012345678"},
		{"1.2345678901234567E17", "123456789012346000", "123456789012345670"},
		{"1e401", "1e401", "1e401"},
		{"1e9999999999999999999", "1e9999999999999999999", "1e9999999999999999999"},
		{"NaN", "NaN", "NaN"},
		{"1,5", "1,5", "1,5"},
		{"", "", ""},
		{"-", "-", "-"},
		{"1.2.3", "1.2.3", "1.2.3"},
	}
	for _, tt := range tests {
		for round, want := range map[bool]string{true: tt.round, false: tt.json} {
			if got := string(appendNumber(nil, []byte(tt.raw), round)); got != want {
				t.Errorf("%q (of a workbook: %v) gave %q, want %q", tt.raw, round, got, want)
			}
		}
	}
}

func TestDays(t *testing.T) {
	tests := []struct {
		number string
		of     fieldKind
		want   string
	}{
		{"1", serial1900, "1900-01-01"},
		{"59", serial1900, "1900-02-28"},
		{"60", serial1900, "1900-02-29"},
		{"61", serial1900, "1900-03-01"},
		{"44196", serial1900, "2020-12-31"},
		{"44196,5", serial1900, "2020-12-31 12:00:00"},
		{"44196,999999", serial1900, "2021-01-01"},
		{"42734", serial1904, "2020-12-31"},
		{"109574", serial1900, "2199-12-31"},
		{"109575", serial1900, "109575"},
		{"2958465", serial1900, "9999-12-31"},
		{"2957003", serial1904, "9999-12-31"},
		{"2958464", serial1900, "2958464"},
		{"20201231", serial1900, "20201231"},
		{"0", serial1900, "0"},
		{"-1", serial1900, "-1"},
	}
	for _, tt := range tests {
		if got := string(appendDay(nil, []byte(tt.number), tt.of)); got != tt.want {
			t.Errorf("%s gave %s, want %s", tt.number, got, tt.want)
		}
	}
}
