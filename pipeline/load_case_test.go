package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding/charmap"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

var updateLoadCases = flag.Bool("update-load", false, "write what comes out to testdata/load")

// loadSecret is the pseudonym key of the tests.
var loadSecret = []byte("a key that only tests know......")

// testLoader makes a loader with a data directory of its own.
func testLoader(t testing.TB) *lake.Loader {
	t.Helper()
	key, err := pseudonym.NewKey(loadSecret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range shapeSecrets(t) {
		if err := os.WriteFile(filepath.Join(dir, "secrets", name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &lake.Loader{Data: dir, Work: filepath.Join(dir, "work"), Key: key, Settings: duck.Settings{MemoryLimit: "500MB"}}
}

// landed puts a file where the pull would.
func landed(t testing.TB, l *lake.Loader, source string, data []byte) delivery.Delivery {
	t.Helper()
	return landedAs(t, l, source, source+"_20201231.csv", data)
}

func landedAs(t testing.TB, l *lake.Loader, source, name string, data []byte) delivery.Delivery {
	t.Helper()
	var p records.Profiler
	if _, err := p.Write(data); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	d := delivery.Delivery{
		Source: source, ID: "2020-12-31-" + hash[:12], Peildatum: "2020-12-31", SHA256: hash, Size: int64(len(data)), Profile: p.JSON(),
		Receipts: []delivery.Receipt{{Sequence: 1, File: name, Modified: time.Unix(0, 0).UTC(), Landed: time.Unix(0, 0).UTC()}},
	}
	path := d.Original(l.Data)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
		t.Fatal(err)
	}
	return d
}

// reading opens a session to read what loads have made.
func reading(t testing.TB) *duck.Session {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// outcome loads a delivery and reads back all that the load made of it.
func outcome(ctx context.Context, l *lake.Loader, s *duck.Session, c *contract.Contract, d delivery.Delivery) (*loadOutcome, error) {
	got, err := l.Load(ctx, c, d)
	if err != nil {
		return nil, err
	}
	out := &loadOutcome{Load: *got}
	columns := []string{"regel"}
	for _, col := range c.Columns {
		columns = append(columns, col.As)
	}
	lakeFile := lake.Path(l.Data, d.Source, d.ID, ".parquet")
	if out.Rows, err = parquetRows(ctx, s, lakeFile, append(columns, "_hersteld")); err != nil {
		return nil, err
	}
	out.Quarantine, err = parquetRows(ctx, s, lake.QuarantinePath(l.Data, d.Source, d.ID), []string{"regel", "kolom", "reden", "waarde"})
	return out, err
}

// parquetRows reads columns of a file as text, in file order; a file that is not there has no rows.
func parquetRows(ctx context.Context, s *duck.Session, path string, columns []string) ([][]string, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var list []string
	for _, c := range columns {
		list = append(list, quote.Ident(c)+"::varchar")
	}
	rows, err := s.Rows(ctx, "select "+strings.Join(list, ", ")+" from read_parquet("+quote.Literal(path)+")")
	var out [][]string
	for _, row := range rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = loadNull
			if v != nil {
				texts[i] = *v
			}
		}
		out = append(out, texts)
	}
	return out, err
}

// outcomeDiff compares everything but what names the load.
func outcomeDiff(want, got *loadOutcome) string {
	type facts struct {
		Balance              lake.Balance
		Elfproef, Duplicates int64
		Total                string
		Accepted             bool
		Reasons, Missing     []string
		Header               string
	}
	of := func(l lake.Load) facts {
		f := facts{
			Balance: l.Balance, Elfproef: l.Elfproef, Duplicates: l.Duplicates, Accepted: l.Accepted, Reasons: l.Reasons, Missing: l.Header.Missing,
			Header: fmt.Sprint(l.Header.Found, l.Header.Regel, l.Header.Second, l.Header.Fields),
		}
		if l.Total != nil {
			f.Total = strconv.FormatInt(l.Total.Regel, 10)
			if l.Total.Count != nil {
				f.Total += fmt.Sprint(": ", *l.Total.Count)
			}
		}
		return f
	}
	diff := cmp.Diff(of(want.Load), of(got.Load))
	if !got.Load.Accepted {
		want = &loadOutcome{Quarantine: want.Quarantine} // a refused delivery leaves no lake file
	}
	return diff + rowsDiff("lake", want.Rows, got.Rows) + rowsDiff("quarantine", want.Quarantine, got.Quarantine)
}

// rowsDiff shows the first rows that differ.
func rowsDiff(what string, want, got [][]string) string {
	for i := range max(len(want), len(got)) {
		if i < len(want) && i < len(got) && slices.Equal(want[i], got[i]) {
			continue
		}
		return fmt.Sprintf("%s, row %d of %d (want) and %d (got):\n%s", what, i, len(want), len(got),
			cmp.Diff(want[min(i, len(want)):min(i+2, len(want))], got[min(i, len(got)):min(i+2, len(got))]))
	}
	return ""
}

// TestLoadCases loads the file of every case in testdata/load, holds what comes of it against the
// case, and against the reference. In the text above the files a line "name: value" is a setting:
//
//	contract  an embedded source, or a file <name>.yaml in testdata/load; or the case has contract.yaml
//	encoding  utf-8 (default), utf-8-bom, utf-16le, utf-16be, windows-1252; utf-16 has a BOM
//	eol       lf (default), crlf, cr
//	limits    none: nothing is refused for its quarantine
//	pack      what it travels in: gzip, zip, age (also age-other, for another key), pgp (also pgp-aead, pgp-compressed, pgp-other), or several, such as csv in gzip+age
//	cut       how many percent of the bytes arrived
//	ending    of the name, when it is not that of the input
//	entries   so many empty files go along in a zip archive
//
// What input there can be, see shapeFile. CSV is held against the reference too, but for cases about a
// pakbon: pakbon.json or pakbon.csv, in which {sha256} is that of the file.
//
// In input.csv "*3 " before a line repeats it, {bsn} is a new BSN each time, {n} counts lines, {9*x}
// is nine times x, \xFF a raw byte, \uD83D a code unit of UTF-16, and \c at the end of a line leaves
// its line end out.
func TestLoadCases(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(paths) < 200 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	s, l := reading(t), testLoader(t)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			loadCase(t, l, s, path)
		})
	}
}

func loadCase(t *testing.T, l *lake.Loader, s *duck.Session, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	settings, files := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(archive.Comment)) {
		if m := regexp.MustCompile(`^(contract|encoding|eol|limits|pack|cut|ending|entries): (\S+)\n`).FindStringSubmatch(line); m != nil {
			settings[m[1]] = m[2]
		}
	}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	c := caseContract(t, settings, files["contract.yaml"])
	data, ending := shapeFile(t, settings, archive)
	d := landedAs(t, l, c.Name, "bron_20201231"+ending, data)
	for _, name := range []string{"pakbon.json", "pakbon.csv"} {
		if text, ok := files[name]; ok {
			d.Pakbon = delivery.ParsePakbon(name, []byte(strings.ReplaceAll(text, "{sha256}", d.SHA256)))
		}
	}
	got, err := outcome(t.Context(), l, s, c, d)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(l.Data, "landing", c.Name, ".*")); err != nil || len(left) > 0 {
		t.Errorf("beside landing stay %v, %v", left, err)
	}
	opened := got.Load.Form.Shape != "" || settings["pack"] == ""
	if text, ok := files["input.csv"]; ok && opened && settings["cut"] == "" && settings["ending"] == "" && !strings.Contains(string(archive.Comment), "pakbon") {
		want := refLoad(c, caseInput(t, settings, text), loadSecret)
		if diff := outcomeDiff(want, got); diff != "" {
			t.Errorf("the load differs from the reference (-reference +load):\n%s", diff)
		}
		got.persons = want.persons
	} else {
		got.persons = casePersons(archive)
	}
	text := got.render(c)
	if *updateLoadCases {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "expect" })
		archive.Files = append(archive.Files, txtar.File{Name: "expect", Data: []byte(text)})
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(files["expect"], text); diff != "" {
		t.Errorf("(-case +load):\n%s", diff)
	}
}

func caseContract(t *testing.T, settings map[string]string, text string) *contract.Contract {
	name, data := "bron", []byte(text)
	if text == "" {
		name = settings["contract"]
		var err error
		if data, err = os.ReadFile("testdata/load/" + name + ".yaml"); errors.Is(err, os.ErrNotExist) {
			data, err = sources.Files.ReadFile(name + ".yaml")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c, faults := contract.Parse("sources/"+name+".yaml", data)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if settings["limits"] == "none" {
		c.Limits.Quarantined, c.Limits.Elfproef = big.NewRat(1, 1), big.NewRat(1, 1)
	}
	return c
}

var (
	caseRepeat = regexp.MustCompile(`\{(\d+)\*([^}]*)\}`)
	caseRaw    = regexp.MustCompile(`\\(?:x([0-9A-F]{2})|u([0-9A-F]{4}))`)
)

// caseInput makes the bytes of a delivery.
func caseInput(t *testing.T, settings map[string]string, text string) []byte {
	eol := map[string]string{"": "\n", "lf": "\n", "crlf": "\r\n", "cr": "\r"}[settings["eol"]]
	return caseEncode(t, settings["encoding"], caseExpand(text, eol))
}

// casePersons are the BSNs that stand in a case, by pseudonym.
func casePersons(archive *txtar.Archive) map[string]string {
	persons := map[string]string{}
	for _, f := range archive.Files {
		text := caseExpand(string(f.Data), "\n")
		if len(text) > 1<<20 {
			continue // nobody is in there
		}
		for _, digits := range regexp.MustCompile(`\d{8,9}`).FindAllString(text, -1) {
			bsn := fmt.Sprintf("%09s", digits)
			persons[refPseudonym(loadSecret, bsn)] = bsn
		}
	}
	return persons
}

// caseExpand makes the text of a case.
func caseExpand(text, eol string) string {
	var b strings.Builder
	person, n := 900000000, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		times := 1
		if count, rest, found := strings.Cut(line, " "); found && strings.HasPrefix(count, "*") {
			if k, err := strconv.Atoi(count[1:]); err == nil {
				times, line = k, rest
			}
		}
		for range times {
			n++
			out := strings.ReplaceAll(line, "{n}", strconv.Itoa(n))
			for strings.Contains(out, "{bsn}") {
				for person++; !refElfproef(strconv.Itoa(person)); person++ {
				}
				out = strings.Replace(out, "{bsn}", strconv.Itoa(person), 1)
			}
			out = caseRepeat.ReplaceAllStringFunc(out, func(s string) string {
				m := caseRepeat.FindStringSubmatch(s)
				k, _ := strconv.Atoi(m[1])
				return strings.Repeat(m[2], k)
			})
			if bare, found := strings.CutSuffix(out, `\c`); found {
				b.WriteString(bare)
			} else {
				b.WriteString(out + eol)
			}
		}
	}
	return b.String()
}

func caseEncode(t *testing.T, encoding, text string) []byte {
	var out bytes.Buffer
	put := func(s string) {
		switch encoding {
		case "", "utf-8", "utf-8-bom":
			out.WriteString(s)
		case "windows-1252":
			e, err := charmap.Windows1252.NewEncoder().String(s)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(e)
		default:
			for _, u := range utf16.Encode([]rune(s)) {
				out.Write(caseUnit(encoding, u))
			}
		}
	}
	switch encoding {
	case "utf-8-bom", "utf-16le", "utf-16be":
		put("\uFEFF")
	}
	for {
		at := caseRaw.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		put(text[:at[0]])
		u, err := strconv.ParseUint(text[at[0]+2:at[1]], 16, 16)
		switch {
		case err != nil:
			t.Fatal(err)
		case at[4] >= 0:
			out.Write(caseUnit(encoding, uint16(u)))
		default:
			out.WriteByte(byte(u))
		}
		text = text[at[1]:]
	}
	put(text)
	return out.Bytes()
}

func caseUnit(encoding string, u uint16) []byte {
	if encoding == "utf-16le" {
		return []byte{byte(u), byte(u >> 8)}
	}
	return []byte{byte(u >> 8), byte(u)}
}

// render writes an outcome as cases have it. Persons are shown by their BSN, columns that are NULL
// throughout are left out, and of many rows only the first and last.
func (o *loadOutcome) render(c *contract.Contract) string {
	var b strings.Builder
	l, bl := o.Load, o.Load.Balance
	verdict := "aanvaard"
	if !l.Accepted {
		verdict = "geweigerd"
	}
	fmt.Fprintf(&b, "%s\n", verdict)
	for _, r := range l.Reasons {
		fmt.Fprintf(&b, "- %s\n", r)
	}
	fmt.Fprintf(&b, "records %d = geladen %d + in_quarantaine %d + niet_data %d\n", bl.Records, bl.Geladen, bl.InQuarantaine, bl.NietData)
	fmt.Fprintf(&b, "hersteld %d, voorloopnul %d, elfproef %d, dubbele_sleutels %d\n", bl.Hersteld, bl.Voorloopnul, l.Elfproef, l.Duplicates)
	if f := l.Form; f.Shape != records.CSV && f.Shape != "" || f.Dialect != (records.Dialect{Separator: ';', Quote: '"'}) && f.Shape != "" {
		fmt.Fprintf(&b, "vorm %s", f.Shape)
		if f.Shape == records.CSV {
			fmt.Fprintf(&b, ", %s, scheiding %q", f.Encoding, string(f.Dialect.Separator))
			if f.Dialect.Quote != '"' || f.Dialect.Escape != 0 {
				fmt.Fprintf(&b, ", aanhaling %q%q", string(f.Dialect.Quote), strings.Trim(string(f.Dialect.Escape), "\x00"))
			}
		}
		if f.Sheet != "" {
			fmt.Fprintf(&b, ", blad %s", f.Sheet)
		}
		b.WriteByte('\n')
	}
	if h := l.Header; h.Found {
		on := fmt.Sprintf("regel %d", h.Regel)
		if h.Second > 0 {
			on = fmt.Sprintf("regels %d en %d", h.Regel, h.Second)
		}
		fmt.Fprintf(&b, "kop op %s, %d velden", on, h.Fields)
		for _, of := range []struct {
			what  string
			names []string
		}{{"ontbreekt", h.Missing}, {"afwezig", h.Absent}, {"onbekend", h.Unknown}, {"hernoemd", h.Renamed}, {"herhaald", h.Repeated}} {
			if len(of.names) > 0 {
				fmt.Fprintf(&b, "; %s: %s", of.what, strings.Join(of.names, ", "))
			}
		}
		if h.Reordered {
			b.WriteString("; andere volgorde")
		}
		b.WriteByte('\n')
	}
	if l.Total != nil {
		fmt.Fprintf(&b, "totaal op regel %d: ", l.Total.Regel)
		if l.Total.Count == nil {
			b.WriteString("geen getal\n")
		} else {
			fmt.Fprintln(&b, *l.Total.Count)
		}
	}
	names := []string{"regel"}
	for _, col := range c.Columns {
		names = append(names, col.As)
	}
	o.table(&b, "lake", append(names, "_hersteld"), o.Rows)
	o.table(&b, "quarantaine", []string{"regel", "kolom", "reden", "waarde"}, o.Quarantine)
	return b.String()
}

func (o *loadOutcome) table(b *strings.Builder, what string, names []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n[%s]\n", what)
	var show []int
	for i, name := range names {
		if what == "quarantaine" || slices.ContainsFunc(rows, func(r []string) bool { return r[i] != loadNull && (name != "_hersteld" || r[i] != "0") }) {
			show = append(show, i)
		}
	}
	line := func(cells []string) {
		for k, i := range show {
			if k > 0 {
				b.WriteByte(';')
			}
			b.WriteString(o.cell(cells[i]))
		}
		b.WriteByte('\n')
	}
	line(names)
	for i, r := range rows {
		if len(rows) > 40 && i == 3 {
			fmt.Fprintf(b, "… %d rijen …\n", len(rows)-6)
		}
		if len(rows) <= 40 || i < 3 || i >= len(rows)-3 {
			line(r)
		}
	}
}

func (o *loadOutcome) cell(v string) string {
	if bsn, ok := o.persons[v]; ok {
		return bsn
	}
	switch {
	case v == loadNull:
		return "NULL"
	case len(v) > 200:
		return fmt.Sprintf("(%d bytes)", len(v))
	case v == "" || v == "NULL" || strings.TrimSpace(v) != v || strings.ContainsAny(v, ";\"\r\n\x00\t") || strings.HasPrefix(v, "("):
		return strconv.Quote(v)
	}
	return v
}
