package pipeline_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"inbeeld/pipeline/internal/cli"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sql/quote"
)

// newLeakSearch knows everybody in the deliveries and the lake of a data directory.
func newLeakSearch(t *testing.T, data string) *leakSearch {
	t.Helper()
	key, err := pseudonym.ReadKey(filepath.Join(data, "secrets", "pseudonym.key"))
	if err != nil {
		t.Fatal(err)
	}
	s := &leakSearch{key: key, known: map[string]bool{}, delivered: map[string]bool{}, scratch: t.TempDir(), session: leakSession(t)}
	err = filepath.WalkDir(filepath.Join(data, "landing"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "delivery.json" {
			return err
		}
		text, err := os.ReadFile(path)
		s.learn(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.session.Rows(t.Context(), "select distinct persoon_id from read_parquet("+quote.Literal(filepath.Join(data, "lake", "*", "*.parquet"))+", union_by_name = true) where persoon_id is not null")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		s.known[*r[0]] = true
	}
	return s
}

func leakSession(t *testing.T) *duck.Session {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	session, err := db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(session.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return session
}

// A transcript is what commands said.
type transcript struct{ text bytes.Buffer }

// command runs the program and keeps its words; it gives the exit code.
func (s *transcript) command(data string, args ...string) int {
	args = append(args, "--data", data, "--log", "debug")
	fmt.Fprintf(&s.text, "$ inbeeld %s\n", strings.Join(args, " "))
	code := cli.Main(args, strings.NewReader(""), &s.text, &s.text)
	fmt.Fprintf(&s.text, "exit code %d\n", code)
	return code
}

// commands are all that can be asked about a data directory.
func (s *transcript) commands(t *testing.T, data string, marts ...string) {
	t.Helper()
	commands := [][]string{{"run"}, {"run", "--json"}, {"status"}, {"status", "--json"}, {"show"}, {"show", "--json"}, {"validate"}}
	for _, m := range marts {
		commands = append(commands, []string{"show", m}, []string{"show", m, "--json"})
	}
	for _, c := range commands {
		if code := s.command(data, c...); code != 0 {
			t.Errorf("%v: exit code %d\n%s", c, code, s.text.String())
		}
	}
}

// search fails on every leak outside inbox and landing, and in what was said.
func (s *leakSearch) search(t *testing.T, data string, said *transcript, atLeast int) {
	t.Helper()
	if len(s.known) < atLeast || len(s.delivered) < atLeast {
		t.Fatalf("the search knows only %d persons and %d BSNs", len(s.known), len(s.delivered))
	}
	leaks, files, err := s.below(t.Context(), data, "inbox", "landing")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.text(said.text.Bytes()) {
		leaks = append(leaks, "said: "+l)
	}
	t.Logf("searched %d files and %d bytes of words for %d persons", files, said.text.Len(), len(s.known))
	for _, l := range leaks[:min(len(leaks), 20)] {
		t.Errorf("a BSN in %s", l)
	}
}

// After the demo, no BSN that was delivered is anywhere but in inbox and landing.
func TestNoBSNAfterTheDemo(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	var said transcript
	if code := said.command(data, "demo"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, said.text.String())
	}
	said.commands(t, data)
	newLeakSearch(t, data).search(t, data, &said, 2000)
}

// BSNs in every place of a delivery where they do not belong, and in names of files.
func TestNoBSNOutOfPlace(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	var said transcript
	if code := said.command(data, "init"); code != 0 {
		t.Fatal(said.text.String())
	}
	bsns := leakBSNs(320)
	var rows strings.Builder
	for _, b := range bsns {
		fmt.Fprintf(&rows, "%s;Hilversum;GEMEENTE;J;01-02-2020;;\n", b)
	}
	head := "Burgerservicenr;NaamGemeente;KlantVan;IndKlantprofiel;DatLaatsteWijzigingProfiel;AantUrenBeschikbaar;Bemiddelingsberoep"
	few := strings.Join(strings.SplitAfter(rows.String(), "\n")[:300], "")
	inbox := map[string]string{
		// Accepted: three records in quarantine of more than three hundred.
		"sonar_20201231.csv": "Gemaakt voor " + bsns[0] + "\n" + head + ";" + bsns[1] + "\n" +
			strings.ReplaceAll(few, "\n", ";\n") + bsns[310] + ";Hilversum;" + bsns[2] + ";J;;;;\n" +
			bsns[311] + ";Hilversum;UWV;J;" + bsns[3] + ";;;\n" + bsns[312] + ";Hilversum;UWV;J;;" + bsns[4] + ";;\nTotaal;" + bsns[5] + ";;;;;;\nAangevraagd door " + bsns[6] + "\n",
		// Refused, for all kinds of reasons.
		"sonar_20200930.csv": head + "\n" + few + bsns[310] + ";Hilversum;" + bsns[7] + " en meer;J;;;\n" + bsns[311] + ";Hilversum;UWV;" + bsns[8] + ";;;\n" +
			bsns[312] + ";Hilversum;UWV;J;;;\"bel\n" + bsns[9] + "\"\n" + bsns[313] + ";Hilversum;UWV;J;;;wie " + bsns[10] + " kent\n" + bsns[314] + ";Hilversum;UWV;J;" + bsns[11][:4] + "." + bsns[11][4:6] + "." + bsns[11][6:] + ";;\n" +
			bsns[315] + ";Hilversum\n" + bsns[316] + ";\"Hilver;UWV;J;;;\n" + bsns[317] + ";;UWV;J;;;\n" + bsns[0] + ";Hilversum;UWV;J;;;\n" + "999123456;Hilversum;UWV;J;;;\n" + "123;Hilversum;UWV;J;;;\n",
		// Without a header, and without a required column.
		"sonar_20200630.csv": few,
		"sonar_20200331.csv": strings.Replace(head, "KlantVan", bsns[12], 1) + "\n" + few,
		// In names.
		"sonar_20191231_" + bsns[13] + ".csv": head + "\n" + few,
		bsns[14] + ".csv":                     head + "\n",
		"sonar_20191399_" + bsns[15] + ".csv": head + "\n",
		"sonar_20190930_" + bsns[16] + ".tmp": head + "\n",
	}
	for name, text := range inbox {
		if err := os.WriteFile(filepath.Join(data, "inbox", "sonar", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(data, "inbox", bsns[17]), 0o700); err != nil {
		t.Fatal(err)
	}
	said.commands(t, data)
	if !strings.Contains(said.text.String(), "geweigerd") {
		t.Error("no delivery was refused")
	}

	// What fails must not say it either.
	project := filepath.Join(t.TempDir(), "project")
	model := filepath.Join(project, "sql", "marts", "faalt.sql")
	if err := os.MkdirAll(filepath.Dir(model), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, expression := range []string{"persoon_id::integer", "klant_van::date", "gemeente_bron::decimal(4, 2)", "error(persoon_id)"} {
		text := "-- description: Faalt.\n-- grain: [x]\n-- columns:\n--   x: X.\nselect (" + expression + ")::varchar as x\nfrom staging.sonar\n"
		if err := os.WriteFile(model, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := said.command(data, "run", "--project", project); code != 1 && code != 2 {
			t.Errorf("%s: exit code %d", expression, code)
		}
	}
	s := newLeakSearch(t, data)
	damaged, err := filepath.Glob(filepath.Join(data, "landing", "sonar", "2020-12-31-*", "delivery.json"))
	if err != nil || len(damaged) != 1 {
		t.Fatalf("%v, %v", damaged, err)
	}
	whole, err := os.ReadFile(damaged[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", bsns[20], string(whole[:len(whole)/2]), `{"size": "` + bsns[20] + `"}`, `{"source": "` + bsns[20] + `"}`,
		strings.Replace(string(whole), `"modified": "`, `"modified": "`+bsns[20], 1), strings.Replace(string(whole), `"sequence": `, `"sequence": `+bsns[20]+"00000000000000", 1),
	} {
		if err := os.WriteFile(damaged[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := said.command(data, "run"); code != 1 {
			t.Errorf("exit code %d for a delivery.json that holds %q", code, text)
		}
	}
	s.search(t, data, &said, 250)
}

// leakBSNs are BSNs from 999……, in order.
func leakBSNs(n int) []string {
	var bsns []string
	for i := 100_000; len(bsns) < n; i++ {
		if digits, status := pseudonym.Normalise(fmt.Sprintf("999%06d", i)); status == pseudonym.Valid {
			bsns = append(bsns, string(digits[:]))
		}
	}
	return bsns
}

// The search finds one BSN in every kind of place, and nothing where there is none.
func TestLeakSearchFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	key, err := pseudonym.NewKey([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	known := "010000008"
	s := &leakSearch{
		key: key, known: map[string]bool{key.Pseudonym([9]byte([]byte(known))): true}, delivered: map[string]bool{"999123456": true},
		scratch: t.TempDir(), session: leakSession(t),
	}
	dir := t.TempDir()
	search := func(name string) []string {
		leaks, files, err := s.below(t.Context(), dir)
		if err != nil || files != 1 {
			t.Fatalf("%s: %d files, %v", name, files, err)
		}
		return leaks
	}
	for form, text := range map[string]string{
		"plain": known, "without its zero": known[1:], "dotted": "0100.00.008", "spaced": "010 000 008", "dotted without its zero": "10.000.008",
		"delivered but no BSN": "999123456",
	} {
		for kind, make := range leakPlaces(t, s.session) {
			name, data := make(text)
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if len(search(kind)) == 0 {
				t.Errorf("%s, %s: not found", kind, form)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, text := range []string{
		"", "1010000008", "0100000081", "01000000", "10000009", "20201231", "999123457",
		"a10000008b0123456789abcdef012345", "550e8400-e29b-41d4-a716-010000008abc",
		"2020-12-31-a10000008bcd", "run 20210104T013000Z, 1.715 of 871",
	} {
		if err := os.WriteFile(filepath.Join(dir, "x.txt"), []byte("<"+text+">"), 0o600); err != nil {
			t.Fatal(err)
		}
		if leaks := search(text); len(leaks) > 0 {
			t.Errorf("%q: found %v", text, leaks)
		}
	}
}

// leakPlaces are the kinds of places, each by how a text is planted there: the name and bytes of a
// file.
func leakPlaces(t *testing.T, session *duck.Session) map[string]func(text string) (string, []byte) {
	t.Helper()
	plain := func(format string) func(string) (string, []byte) {
		return func(text string) (string, []byte) { return "x", fmt.Appendf(nil, format, text) }
	}
	utf16With := func(order binary.AppendByteOrder) func(string) (string, []byte) {
		return func(text string) (string, []byte) {
			var b []byte
			for _, u := range utf16.Encode([]rune("over " + text + " gezegd")) {
				b = order.AppendUint16(b, u)
			}
			return "x", b
		}
	}
	number := func(text string) string { return strings.NewReplacer(".", "", " ", "").Replace(text) }
	made := func(name, statements string) func(string) (string, []byte) {
		return func(text string) (string, []byte) {
			path := filepath.Join(t.TempDir(), name)
			statement := strings.NewReplacer("PATH", quote.Literal(path), "TEXT", quote.Literal(text), "NUMBER", number(text)).Replace(statements)
			if err := session.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return name, data
		}
	}
	parquet := func(query, options string) func(string) (string, []byte) {
		return made("x.parquet", "copy ("+query+") to PATH (format parquet"+options+")")
	}
	table := func(query string) func(string) (string, []byte) {
		return made("x.duckdb", "attach PATH as planted; "+query+"; checkpoint planted; detach planted")
	}
	zipped := func(name string, inside func(string) (string, []byte)) func(string) (string, []byte) {
		return func(text string) (string, []byte) {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			_, data := inside(text)
			f, err := w.Create(strings.ReplaceAll(name, "TEXT", text))
			if err == nil {
				_, err = f.Write(data)
			}
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			return "x.xlsx", b.Bytes()
		}
	}
	gzipped := func(inside func(string) (string, []byte)) func(string) (string, []byte) {
		return func(text string) (string, []byte) {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			_, data := inside(text)
			_, err := w.Write(data)
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			return "x.gz", b.Bytes()
		}
	}
	places := map[string]func(string) (string, []byte){
		"the name of a file": func(text string) (string, []byte) { return "export_" + text + ".csv", nil },
		"text":               plain("wie %s kent"),
		"the end of a word":  plain("BSN%s"),
		"JSON":               plain(`{"uitleg": "%s"}`),
		"CSV":                plain("a;%s;b\n"),
		"bytes":              plain("\x00\xff\x01%s\x02\xfe"),
		"UTF-16LE":           utf16With(binary.LittleEndian),
		"UTF-16BE":           utf16With(binary.BigEndian),
		"a number of 64 bits": func(text string) (string, []byte) {
			var n uint64
			_, _ = fmt.Sscan(strings.TrimLeft(number(text), "0"), &n)
			return "x", binary.LittleEndian.AppendUint64([]byte("abc"), n)
		},
		"Parquet text":          parquet("select 'wie ' || TEXT || ' kent' as x from range(3)", ", compression zstd"),
		"Parquet bigint":        parquet("select NUMBER::bigint as x", ", compression zstd"),
		"Parquet integer":       parquet("select NUMBER::integer as x", ", compression snappy"),
		"Parquet double":        parquet("select NUMBER::double as x", ""),
		"Parquet decimal":       parquet("select NUMBER::decimal(18, 6) as x", ""),
		"Parquet list":          parquet("select [{'a': null}, {'a': TEXT}] as x", ", compression zstd"),
		"Parquet blob":          parquet("select encode(TEXT) as x", ", compression zstd"),
		"a later row group":     parquet("select case when i = 5000 then TEXT else 'x' end as x from range(5001) as r(i)", ", compression zstd, row_group_size 2048"),
		"a Parquet column name": parquet("select 1 as \"NUMBER\"", ""),
		"Parquet metadata":      parquet("select 1 as x", ", kv_metadata {x: TEXT}"),
		"DuckDB text":           table("create table planted.x as select case when i = 4000 then TEXT else 'niets' end as x from range(5000) as r(i)"),
		"DuckDB bigint":         table("create table planted.x as select NUMBER::bigint + i * 1000000000 as x from range(3000) as r(i)"),
		"DuckDB integer":        table("create schema planted.s; create table planted.s.x as select NUMBER::integer as x"),
		"a DuckDB view":         table("create view planted.x as select 'a' || TEXT as x"),
		"a DuckDB comment":      table("create table planted.x (x integer); comment on column planted.x.x is TEXT"),
		"a DuckDB table name":   table("create table planted.\"NUMBER\" (x integer)"),
	}
	for _, kind := range []string{"text", "UTF-16LE", "Parquet text", "DuckDB text"} {
		places["gzip of "+kind] = gzipped(places[kind])
		places["zip of "+kind] = zipped("xl/sheet1.xml", places[kind])
	}
	places["zip of gzip"] = zipped("x.gz", gzipped(places["text"]))
	places["the name of a file in a zip"] = zipped("TEXT.csv", func(string) (string, []byte) { return "", nil })
	return places
}
