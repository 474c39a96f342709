package pipeline_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sql/quote"
)

// A leakSearch looks for BSNs where none may be. A leak is a run of eight or nine digits, also with
// dots or spaces between them, outside UUIDs and hashes, that is a BSN as delivered or whose
// pseudonym is that of a known person. It reads bytes as text in ASCII, UTF-8 and UTF-16 and as
// numbers of 64 bits, and opens Parquet, DuckDB, gzip and zip.
type leakSearch struct {
	key       *pseudonym.Key
	known     map[string]bool // pseudonyms
	delivered map[string]bool // nine digits, valid or not
	session   *duck.Session
	scratch   string // a folder
}

// below searches all files below dir but those in the folders named, and their names.
func (s *leakSearch) below(ctx context.Context, dir string, but ...string) (leaks []string, files int, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if e.IsDir() && slices.Contains(but, rel) {
			return fs.SkipDir
		}
		for _, where := range s.text([]byte(rel)) {
			leaks = append(leaks, fmt.Sprintf("the name %s: %s", rel, where))
		}
		if !e.Type().IsRegular() {
			return nil
		}
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found, err := s.data(ctx, data)
		if err != nil {
			return fmt.Errorf("search %s: %w", rel, err)
		}
		for _, where := range found {
			leaks = append(leaks, rel+": "+where)
		}
		return nil
	})
	return leaks, files, err
}

// data searches bytes, as they are and as what they are a container of.
func (s *leakSearch) data(ctx context.Context, data []byte) ([]string, error) {
	leaks := s.text(data)
	for _, l := range s.text(bytes.ReplaceAll(data, []byte{0}, nil)) { // UTF-16 of digits, in either order
		leaks = append(leaks, "without zero bytes: "+l)
	}
	for i := 0; i+8 <= len(data); i++ {
		if data[i+4]|data[i+5]|data[i+6]|data[i+7] == 0 {
			if n := binary.LittleEndian.Uint32(data[i:]); n >= 10_000_000 && n < 1_000_000_000 && s.leaks(fmt.Sprintf("%09d", n)) {
				leaks = append(leaks, fmt.Sprintf("as a number at %d", i))
			}
		}
	}
	inside, err := s.inside(ctx, data)
	return append(leaks, inside...), err
}

// inside searches what is in a container.
func (s *leakSearch) inside(ctx context.Context, data []byte) (leaks []string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("PAR1")):
		return s.query(ctx, data, "", func(path string) ([]string, error) {
			file := quote.Literal(path)
			return []string{
				"select to_json(t)::varchar from read_parquet(" + file + ") as t",
				"select to_json(t)::varchar from parquet_metadata(" + file + ") as t",
				"select decode(key) || ' ' || decode(value) from parquet_kv_metadata(" + file + ")",
			}, nil
		})
	case len(data) > 12 && string(data[8:12]) == "DUCK":
		return s.query(ctx, data, "attach %s as searched (read_only)", func(string) ([]string, error) {
			tables, err := s.session.Rows(ctx, "select schema_name, table_name from duckdb_tables() where database_name = 'searched' union all "+
				"select schema_name, view_name from duckdb_views() where database_name = 'searched' and not internal")
			var queries []string
			for _, of := range []string{"tables", "columns", "views", "schemas"} {
				queries = append(queries, "select to_json(t)::varchar from duckdb_"+of+"() as t where database_name = 'searched'")
			}
			for _, t := range tables {
				queries = append(queries, "select to_json(t)::varchar from searched."+quote.Table(*t[0], *t[1])+" as t")
			}
			return queries, err
		})
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return s.nested(ctx, "gzip", r)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		for _, f := range archive.File {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			found, err := s.nested(ctx, "zip "+f.Name, r)
			if err := errors.Join(err, r.Close()); err != nil {
				return nil, err
			}
			leaks = append(append(leaks, s.text([]byte(f.Name))...), found...)
		}
	}
	return leaks, nil
}

func (s *leakSearch) nested(ctx context.Context, name string, r io.Reader) ([]string, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	leaks, err := s.data(ctx, data)
	for i := range leaks {
		leaks[i] = name + ": " + leaks[i]
	}
	return leaks, err
}

// query searches the rows of queries over a file with these bytes.
func (s *leakSearch) query(ctx context.Context, data []byte, attach string, queries func(path string) ([]string, error)) (leaks []string, err error) {
	f, err := os.CreateTemp(s.scratch, "searched-*")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if attach != "" {
		if err := s.session.Exec(ctx, fmt.Sprintf(attach, quote.Literal(f.Name()))); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.session.Exec(ctx, "detach searched")) }()
	}
	list, err := queries(f.Name())
	if err != nil {
		return nil, err
	}
	for _, q := range list {
		rows, err := s.session.Rows(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
		for i, r := range rows {
			if r[0] == nil {
				continue
			}
			for _, l := range s.text([]byte(*r[0])) {
				leaks = append(leaks, fmt.Sprintf("row %d of %s: %s", i, q, l))
			}
		}
	}
	return leaks, nil
}

// hashes are what may hold any digits: UUIDs, and hexadecimal texts of the lengths of fingerprints.
var hashes = regexp.MustCompile(`\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{12})\b`)

// text finds leaks in text and shows what stands around them.
func (s *leakSearch) text(text []byte) []string {
	var leaks []string
	var spans [][]int // of hashes; looked for only when there is a leak
	for i := range text {
		if !digit(text, i) || digit(text, i-1) {
			continue
		}
		for _, end := range runs(text, i) {
			if !s.leaks(string(digitsOf(text[i:end]))) {
				continue
			}
			if spans == nil {
				spans = append([][]int{{-1, -1}}, hashes.FindAllIndex(text, -1)...)
			}
			if !slices.ContainsFunc(spans, func(h []int) bool { return h[0] <= i && end <= h[1] && hasLetter(text[h[0]:h[1]]) }) {
				leaks = append(leaks, fmt.Sprintf("%q", text[max(0, i-20):min(len(text), end+10)]))
			}
		}
	}
	return leaks
}

func digit(text []byte, i int) bool {
	return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9'
}

// runs gives the ends of the runs of eight and of nine digits that begin at i and stop before
// something else than a digit; single dots and spaces may stand between the digits.
func runs(text []byte, i int) []int {
	var ends []int
	for n := 0; n <= 9; {
		for digit(text, i) {
			i++
			n++
		}
		if n == 8 || n == 9 {
			ends = append(ends, i)
		}
		if i+1 >= len(text) || text[i] != '.' && text[i] != ' ' || !digit(text, i+1) {
			break
		}
		i++
	}
	return ends
}

func digitsOf(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

func hasLetter(text []byte) bool { return bytes.ContainsAny(text, "abcdef") }

// leaks tells whether eight or nine digits are a BSN that was delivered or that of a known person.
func (s *leakSearch) leaks(digits string) bool {
	if len(digits) == 8 {
		digits = "0" + digits
	}
	if s.delivered[digits] {
		return true
	}
	normal, status := pseudonym.Normalise(digits)
	return status.IsBSN() && s.known[s.key.Pseudonym(normal)]
}

// learn takes the BSNs from deliveries: those of the demo and of these tests begin with 999 or 01000.
func (s *leakSearch) learn(delivery []byte) {
	text := bytes.ReplaceAll(delivery, []byte{0}, nil)
	for i := range text {
		if !digit(text, i) || digit(text, i-1) {
			continue
		}
		for _, end := range runs(text, i) {
			digits := string(digitsOf(text[i:end]))
			if len(digits) == 8 {
				digits = "0" + digits
			}
			if strings.HasPrefix(digits, "999") || strings.HasPrefix(digits, "01000") {
				s.delivered[digits] = true
			}
		}
	}
}
