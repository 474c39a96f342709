package pipeline

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// An erasure removes every original that holds the person, however, and no other; the rows of those that
// were accepted stay in force.
func TestEraseOriginals(t *testing.T) {
	t.Parallel()
	head := "Burgerservicenr;Gemeente;Opmerking\n"
	with := head + "999000007;Laren;\n" + erasedBSN + ";Huizen;\n999000019;Huizen;\n"
	without := head + "999000007;Laren;\n999000019;Huizen;\n"
	// Each is its own peildatum: text, and whether it holds the person.
	cases := []struct {
		name, date, text string
		holds            bool
	}{
		{"accepted", "20210401", with, true},
		{"not in it", "20210402", without, false},
		{"with dots", "20210403", strings.ReplaceAll(with, erasedBSN, "9990.00.093"), true},
		{"UTF-16", "20210404", originalUTF16(with), true},
		{"gzip", "20210405", originalGzip(t, with), true},
		{"zip", "20210406", originalZip(t, with), true},
		{"gzip, not in it", "20210407", originalGzip(t, without), false},
		{"refused for its header", "20210408", strings.Replace(with, "Gemeente", "Plaats", 1), true},
		{"in a record that is broken", "20210409", strings.Replace(with, "Huizen;\n9", "Huizen\n9", 1), true},
		{"above the header", "20210410", "Gemaakt voor " + erasedBSN + "\n" + without, true},
		{"in a column that nobody knows", "20210411", "Burgerservicenr;Gemeente;Opmerking;Partner\n999000007;Laren;;" + erasedBSN + "\n999000019;Huizen;;\n", true},
		{"behind the total", "20210412", without + "Totaal;2;\nzie " + erasedBSN + ";;\n", true},
		{"a longer number", "20210413", head + "999000007;Laren;1" + erasedBSN + "\n", false},
		{"damaged", "20210414", originalGzip(t, without)[:40], true},
	}
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	for i, c := range cases {
		n.deliver(t, "personen", "personen_"+c.date+".csv", c.text, 10+i)
	}
	n.publishes(t)
	rows := n.rows(t, "select peildatum::varchar, sum(personen)::varchar from marts.werk group by all order by all")
	done := n.erase(t, erasedBSN)
	if want := len(cases) + 4; done.Originals != want {
		t.Errorf("%d originals were looked through, not %d", done.Originals, want)
	}
	for _, c := range cases {
		d := n.delivery(t, "personen_"+c.date+".csv")
		_, err := os.Stat(d.Original(n.data))
		if errors.Is(err, os.ErrNotExist) != c.holds {
			t.Errorf("%s: the original: %v", c.name, err)
		}
	}
	n.publishes(t)
	if got := n.rows(t, "select peildatum::varchar, sum(personen)::varchar from marts.werk group by all order by all"); !cmp.Equal(got, rows) || len(rows) < 10 {
		t.Error(cmp.Diff(rows, got))
	}
}

func originalUTF16(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func originalGzip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func originalZip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("personen_20210406.csv")
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
