package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/testing/need"
	"inbeeld/sources"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// A loadGrammar makes files for a contract: sensible ones with faults of every kind.
type loadGrammar struct {
	*rand.Rand
	c       *contract.Contract
	persons []string // some return, so that keys repeat; one to begin with
	damage  int      // one field in so many is damaged
}

func embeddedContract(t testing.TB, name string) *contract.Contract {
	t.Helper()
	data, err := sources.Files.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, faults := contract.Parse("sources/"+name+".yaml", data)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

func (g *loadGrammar) one(of ...string) string { return of[g.IntN(len(of))] }

// bsn is a valid BSN: of old persons now and then, of new ones mostly.
func (g *loadGrammar) bsn() string {
	if g.IntN(40) == 0 {
		return g.persons[g.IntN(len(g.persons))]
	}
	for {
		n := fmt.Sprintf("%09d", g.IntN(1000000000))
		if g.IntN(30) == 0 {
			n = fmt.Sprintf("01%07d", g.IntN(10000000))
		}
		if refElfproef(n) && n != "000000000" {
			g.persons = append(g.persons, n)
			return n
		}
	}
}

func (g *loadGrammar) field(col contract.Column) string {
	bad := g.IntN(g.damage) == 0
	if !bad && !col.Required && g.IntN(4) == 0 {
		return ""
	}
	switch col.Type {
	case contract.BSN:
		return g.bsnField(bad)
	case contract.Date:
		y, m, d := 1990+g.IntN(40), 1+g.IntN(12), 1+g.IntN(28)
		if bad {
			return g.one("00000000", "2020-02-30", "31-02-2021", "20201301", "2020-00-00", "0000-00-00", "00-00-2020", "0-0-0000", "gisteren", "2020-1-1",
				"1-1-20", "2020-01-01 12:00", "2020-01-01 00:00:01", "44197", g.bsn(), "31-12-9999", "99991231 00:00", "1-2-2020T00:00", "0001-01-01", " 1-1-2020 ", "1-2-0000")
		}
		text := g.one(fmt.Sprintf("%04d-%02d-%02d", y, m, d), fmt.Sprintf("%02d-%02d-%04d", d, m, y), fmt.Sprintf("%d-%d-%04d", d, m, y), fmt.Sprintf("%04d%02d%02d", y, m, d))
		return text + g.one("", "", "", "", " 00:00", " 00:00:00")
	case contract.Decimal, contract.Integer:
		return g.numberField(col, bad)
	case contract.JaNee:
		if bad {
			return g.one("1", "0", "X", "jaa", "true", g.bsn(), " ja ", "Y")
		}
		return g.one("J", "N", "j", "n", "Ja", "Nee", "JA", "nEE")
	case contract.Code:
		if bad {
			return g.one("ONBEKEND", "x", g.bsn(), "12345678", strings.Repeat("lang ", 9), strings.ToLower(col.Values[0])+" ")
		}
		return g.one(col.Values[g.IntN(len(col.Values))], strings.ToLower(col.Values[g.IntN(len(col.Values))]))
	case contract.Text:
		if slices.Contains(g.c.Key, col.As) && g.IntN(200) > 0 {
			return "k" + strconv.Itoa(g.IntN(100000000))
		}
	}
	if bad {
		return g.one("", "  ", "zie "+g.persons[g.IntN(len(g.persons))], g.persons[0], g.bsn(), g.bsn()+"0", "tel. 0612345678", "\x00", "x\x00y", "Totaal", "12345678", "\u00A0a\u00A0", "a\"b", "NULL")
	}
	return g.one("Hilversum", "Gooise Meren", "wijdemeren", "Laren (NH)", "Zoë; de \"lange\"", "regel\neen", "crlf\r\ntwee", "0402", "é", "😀 €", "P", "WAJONG", "p") +
		g.one("", "", strconv.Itoa(g.IntN(100000)))
}

func (g *loadGrammar) bsnField(bad bool) string {
	n := g.bsn()
	if !bad {
		if n[0] == '0' && g.IntN(2) == 0 {
			return n[1:]
		}
		return n
	}
	return g.one(n[:4]+"."+n[4:6]+"."+n[6:], n[:3]+" "+n[3:], n[:8]+string('0'+(n[8]-'0'+1)%10), "000000000", "00000000", "123", n+"1", "x"+n, "", n[:3]+"-"+n[3:], " "+n)
}

func (g *loadGrammar) numberField(col contract.Column, bad bool) string {
	if bad {
		return g.one("1.234", "12.345", "1.234,5", "1.234.567", "-1", "-0,5", "-12", "100,5", "1000", "-3", "-0,0000001", "0", "7", "100,0000001", "100", "0,125", "0.125", "1,5", "1e5", "x", "5,", ",5", "12.3.4", g.bsn(), g.bsn()+",5",
			"999999999999,9999995", "1000000000000", "0,0000005", "-0,0000004", "9223372036854775808", "1,000", "3.0", "123456789012345678901234567890", "1,23456782E+08",
			fmt.Sprintf("%d,%07d", g.IntN(100), g.IntN(10000000)))
	}
	if col.Type == contract.Integer {
		return strconv.Itoa(1 + g.IntN(6))
	}
	return g.one(strconv.Itoa(g.IntN(41)), fmt.Sprintf("%d,%d", g.IntN(40), g.IntN(100)), fmt.Sprintf("%d.5", g.IntN(40)))
}

// write appends a record.
func (g *loadGrammar) write(b *strings.Builder, columns []int, eol string) {
	for k, i := range columns {
		if k > 0 {
			b.WriteByte(';')
		}
		v := "extra"
		if i >= 0 {
			v = g.field(g.c.Columns[i])
		}
		if strings.ContainsAny(v, ";\"\r\n") || g.IntN(10) == 0 {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		b.WriteString(v)
	}
	b.WriteString(eol)
}

// text makes a file of about so many records.
func (g *loadGrammar) text(n int) string {
	var b strings.Builder
	eol := g.one("\n", "\r\n", "\r\n", "\r")
	var columns []int
	for i, col := range g.c.Columns {
		if col.Required && g.IntN(60) > 0 || !col.Required && g.IntN(8) > 0 {
			columns = append(columns, i)
		}
	}
	if g.IntN(3) == 0 {
		columns = append(columns, -1)
	}
	if g.IntN(4) == 0 {
		g.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	}
	for range g.IntN(4) * g.IntN(2) {
		b.WriteString(g.one("", "Overzicht", "Burgerservicenr;x", `"kapot" x`, ";;;") + eol)
	}
	if g.IntN(40) == 0 {
		b.WriteString(strings.Repeat("titel"+eol, 46+g.IntN(6)))
	}
	if g.IntN(25) > 0 {
		var first, second []string
		for _, i := range columns {
			name := "Extra"
			if i >= 0 {
				col := g.c.Columns[i]
				name = g.one(col.Name, col.Name, strings.ToUpper(col.Name), " "+col.Name+" ", strings.ToLower(col.Name))
				if len(col.Aliases) > 0 && g.IntN(3) == 0 {
					name = col.Aliases[g.IntN(len(col.Aliases))]
				}
			}
			over, under, two := strings.Cut(strings.TrimSpace(name), " ")
			if !two {
				over, under = "", name
			}
			first, second = append(first, over), append(second, under)
		}
		if strings.Join(first, "") != "" {
			b.WriteString(strings.Join(first, ";") + eol)
		}
		b.WriteString(strings.Join(second, ";") + eol)
	}
	for range n {
		switch g.IntN(2 * g.damage) {
		case 0:
			g.stray(&b, eol)
		case 1:
			g.write(&b, append(slices.Clone(columns), -1), eol)
		case 2:
			b.WriteString(g.one("", ";;;", " ;\" \"") + eol)
		case 3:
			if at := strings.LastIndex(strings.TrimSuffix(b.String(), eol), eol); at >= 0 {
				b.WriteString(b.String()[at+len(eol):]) // the same record again
			}
		default:
			g.write(&b, columns, eol)
		}
	}
	for range g.IntN(3) * g.IntN(2) {
		b.WriteString(g.one("Totaal;3", ";;TOTAAL: 1.234", `"Totaal`, `"Totaal";"2,5";7`, "voetnoot", "", "Totaal 1.5 van 12") + eol)
	}
	return strings.TrimSuffix(b.String(), g.one("", "", eol))
}

// stray appends something that is no good record. Quotes are closed soon, or files would hold
// little else.
func (g *loadGrammar) stray(b *strings.Builder, eol string) {
	b.WriteString(g.one(`"x" y;z`, `"open;z`+eol+`"x";`, `a;"b`+eol+`c"d;e`, "kort", "Totaal;9", "\uE000", "é\uE000;x", "\uE000;\"a\"", "\uE000Totaal", strings.Repeat("z;", 40)) + eol)
}

// bytes writes a text in some encoding. U+E000 becomes something that does not decode.
func (g *loadGrammar) bytes(text string, coding string) []byte {
	bad := map[string][]string{
		"windows-1252": {`\x81`, `\x8D`, `\x8F`, `\x90`, `\x9D`}, "utf-16le": {`\uD800`, `\uDFFF`}, "utf-16be": {`\uD83D`, `\uDC00`},
	}[coding]
	if bad == nil {
		bad = []string{`\xFF`, `\xC3`, `\x80`, `\xE2\x82`}
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == 0xE000:
			b.WriteString(g.one(bad...))
		case coding == "windows-1252" && r > 0xFF && r != '€':
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return []byte(b.String())
}

var loadEncodings = []string{"utf-8", "utf-8", "utf-8-bom", "utf-16le", "utf-16be", "windows-1252"}

// compare loads data under a contract that refuses nothing for its quarantine, so that there are
// rows to compare, and judges the counts by the real contract.
func compareLoad(t *testing.T, l *lake.Loader, s *duck.Session, c *contract.Contract, data []byte) *loadOutcome {
	t.Helper()
	want := refLoad(c, data, loadSecret)
	lenient := *c
	lenient.Limits.Quarantined, lenient.Limits.Elfproef = big.NewRat(1, 1), big.NewRat(1, 1)
	d := landed(t, l, c.Name, data)
	got, err := outcome(t.Context(), l, s, &lenient, d)
	if err != nil {
		t.Fatal(err)
	}
	verdict := got.Load
	verdict.Reasons = nil
	lake.Judge(c, &verdict, false)
	if got.Load.Accepted && !verdict.Accepted {
		for i := range got.Rows { // the lake file that the limits would have refused
			if i >= len(want.Rows) || !slices.Equal(got.Rows[i], want.Rows[i]) {
				t.Fatalf("lake row %d of %d and %d:\nwant %q\ngot  %q", i, len(want.Rows), len(got.Rows), want.Rows[min(i, len(want.Rows)):min(i+1, len(want.Rows))], got.Rows[i])
			}
		}
		if len(got.Rows) != len(want.Rows) {
			t.Fatalf("%d lake rows, want %d", len(got.Rows), len(want.Rows))
		}
	}
	got.Load = verdict
	if !verdict.Accepted {
		got.Rows = nil
	}
	if diff := outcomeDiff(want, got); diff != "" {
		t.Fatalf("the load differs from the reference (-reference +load):\n%s", diff)
	}
	return want
}

// TestLoadRandom compares the load with the reference on small random files.
func TestLoadRandom(t *testing.T) {
	t.Parallel()
	files := need.Count(140, 420)
	s, l := reading(t), testLoader(t)
	seen := map[string]int{}
	for seed := range uint64(files) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		g := &loadGrammar{Rand: rnd, c: embeddedContract(t, []string{"sonar", "doelgroepregister", "plaatsingen"}[seed%3]), damage: 15 + rnd.IntN(150), persons: []string{"123456782"}}
		if seed%5 == 0 { // a header over two records
			for i := range g.c.Columns {
				g.c.Columns[i].Name = "Kop " + g.c.Columns[i].Name
			}
		}
		coding := g.one(loadEncodings...)
		data := caseEncode(t, coding, string(g.bytes(g.text(rnd.IntN(60)), coding)))
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			want := compareLoad(t, l, s, g.c, data)
			for _, q := range want.Quarantine {
				seen[q[2]]++
			}
			for _, r := range want.Load.Reasons {
				seen[strings.TrimLeft(strings.Split(r, "(")[0], "0123456789 ")]++
			}
			seen["rijen"] += len(want.Rows)
			seen["hersteld"] += int(want.Load.Balance.Hersteld)
			if want.Load.Total != nil {
				seen["totaal"]++
			}
			if want.Load.Header.Second > 0 {
				seen["kop op twee regels"]++
			}
		})
	}
	for _, what := range []string{
		"ander aantal velden dan de kopregel", "aanhalingstekens kloppen niet", "tekens zijn niet te lezen", "verplicht veld is leeg", "sleutel komt vaker voor",
		"BSN in verkeerde kolom", "BSN voldoet niet aan de elfproef", "BSN heeft geen 9 cijfers", "BSN bestaat uit nullen", "geen datum", "datum deels onbekend",
		"datum bestaat niet", "geen getal", "getal is te groot", "getal is dubbelzinnig: punt voor duizendtallen of komma?", "geen J of N", "onbekende code",
		"geen heel getal", "groter dan 100", "kleiner dan 0", "rijen", "hersteld", "totaal", "kop op twee regels",
	} {
		if seen[what] < need.Count(1, 3) {
			t.Errorf("the files are too tame: %q only %d times", what, seen[what])
		}
	}
}

// TestLoadLarge compares the load with the reference on files of many chunks, with faults where the
// chunks of a mebibyte meet.
func TestLoadLarge(t *testing.T) {
	t.Parallel()
	s, l := reading(t), testLoader(t)
	for seed, name := range []string{"sonar", "doelgroepregister", "plaatsingen"}[:need.Count(1, 3)] {
		t.Run(fmt.Sprint(name, ", seed ", seed), func(t *testing.T) {
			g := &loadGrammar{Rand: rand.New(rand.NewPCG(uint64(seed), 4)), c: embeddedContract(t, name), damage: 2000, persons: []string{"123456782"}}
			want := compareLoad(t, l, s, g.c, g.large())
			if n := len(want.Rows); n < 40000 || len(want.Quarantine) < 200 {
				t.Errorf("%d rows, %d in quarantine", n, len(want.Quarantine))
			}
		})
	}
}

// large makes a file of more than 6 MB and 40.000 records with trouble at every mebibyte.
func (g *loadGrammar) large() []byte {
	var b strings.Builder
	var all []int
	for i, col := range g.c.Columns {
		all = append(all, i)
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(col.Name)
	}
	b.WriteString("\r\n")
	trouble := []string{"\"", "\"\"", "\"x\"", "\n", "\r", "\r\n", ";", "\xFF", "é", "\xC3", "x", "\"\n\"", "Totaal;1\n", "\"a\r\nb\";c\n"}
	for n := 0; n < 43000 || b.Len() < 6<<20; n++ {
		if into := b.Len() % (1 << 20); into > 1<<20-400 {
			for b.Len()%(1<<20) > 1<<20-400 {
				b.WriteString(g.one(trouble...))
			}
			b.WriteString("\n\"x\"\n")
		}
		g.write(&b, all, "\r\n")
	}
	b.WriteString("Totaal;12\r\n")
	return []byte(b.String())
}

// TestLoadTwice loads the same delivery again and again: the files are the same, byte for byte, and
// no BSN of the delivery is in them.
func TestLoadTwice(t *testing.T) {
	for _, name := range []string{"sonar", "doelgroepregister", "plaatsingen"} {
		g := &loadGrammar{Rand: rand.New(rand.NewPCG(7, 5)), c: embeddedContract(t, name), damage: 300, persons: []string{"123456782"}}
		g.c.Limits.Quarantined, g.c.Limits.Elfproef = big.NewRat(1, 1), big.NewRat(1, 1)
		var b strings.Builder
		var all []int
		for i, col := range g.c.Columns {
			all = append(all, i)
			b.WriteString(col.Name + []string{";", "\n"}[min(1, (i+1)/len(g.c.Columns))])
		}
		for range 9000 {
			g.write(&b, all, "\n")
		}
		t.Run(name, func(t *testing.T) {
			loadTwice(t, g.c, []byte(b.String()))
		})
	}
}

func loadTwice(t *testing.T, c *contract.Contract, data []byte) {
	s := reading(t)
	persons := refLoad(c, data, loadSecret).persons
	var before [3][]byte
	for round, procs := range []int{runtime.NumCPU(), 1, 8} {
		previous := runtime.GOMAXPROCS(procs)
		l := testLoader(t)
		d := landed(t, l, c.Name, data)
		result, err := l.Load(t.Context(), c, d)
		runtime.GOMAXPROCS(previous)
		if err != nil || !result.Accepted || result.Balance.InQuarantaine == 0 {
			t.Fatalf("%+v, %v", result, err)
		}
		for i, path := range []string{lake.Path(l.Data, d.Source, d.ID, ".parquet"), lake.Path(l.Data, d.Source, d.ID, ".json"), lake.QuarantinePath(l.Data, d.Source, d.ID)} {
			made, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
			}
			if round > 0 && !bytes.Equal(made, before[i]) {
				t.Errorf("%s differs with %d processors", filepath.Base(path), procs)
			}
			before[i] = made
			text := string(made)
			if strings.HasSuffix(path, ".parquet") {
				text += parquetText(t, s, path)
			}
			if bsn := findPerson(text, persons); bsn != "" {
				t.Errorf("%s holds the BSN %s of the delivery", filepath.Base(path), bsn)
			}
		}
		if _, err := os.Stat(filepath.Join(l.Work, "load", d.Source+"-"+d.ID)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("scratch is left: %v", err)
		}
	}
	// The search finds a BSN that is there.
	planted := filepath.Join(t.TempDir(), "planted.parquet")
	for _, bsn := range persons {
		if err := s.Exec(t.Context(), duck.CopyStatement("select ["+quote.Literal(bsn)+"] as n", planted, map[string]string{"a": "b"})); err != nil {
			t.Fatal(err)
		}
		if findPerson(parquetText(t, s, planted), persons) == "" {
			t.Error("a planted BSN is not found")
		}
		break
	}
}

// parquetText is every value of a Parquet file, of columns in columns too, and its metadata.
func parquetText(t *testing.T, s *duck.Session, path string) string {
	t.Helper()
	var b strings.Builder
	for _, from := range []string{"read_parquet", "parquet_kv_metadata", "parquet_metadata"} {
		rows, err := s.Rows(t.Context(), "select columns(*)::varchar from "+from+"("+quote.Literal(path)+")")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, v := range row {
				if v != nil {
					b.WriteString(*v)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// findPerson finds a number of exactly nine digits that is the BSN of a person, alone or with spaces
// and dots in it.
func findPerson(text string, persons map[string]string) string {
	known := map[string]bool{}
	for _, bsn := range persons {
		known[bsn] = true
	}
	for line := range strings.Lines(text) {
		for _, line := range []string{line, refBare.Replace(line)} {
			for run := range strings.FieldsFuncSeq(line, func(r rune) bool { return r < '0' || r > '9' }) {
				if len(run) == 9 && known[run] {
					return run
				}
			}
		}
	}
	return ""
}
