package sources

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/contract"
)

func TestParseReference(t *testing.T) {
	got, faults := contract.ParseReference("sources/reference/gemeenten.csv", []byte("\ufeffgemeentecode;gemeente\r\nGM0402;Hilversum\r\nGM0406;\"Huizen; \"\"dorp\"\"\"\r\n;\r\n"))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	want := &contract.Reference{
		Name: "gemeenten", Path: "sources/reference/gemeenten.csv", Columns: []string{"gemeentecode", "gemeente"},
		Rows: [][]string{{"GM0402", "Hilversum"}, {"GM0406", `Huizen; "dorp"`}, {"", ""}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseReferenceFaults(t *testing.T) {
	const path = "sources/reference/x.csv"
	for _, c := range []struct{ name, path, text, want string }{
		{"empty", path, "", path + ":1: the table is empty; write a header"},
		{"file name", "sources/reference/X-1.csv", "a\n1\n", `sources/reference/X-1.csv: the file name is the name of the table, and "X-1" is not an identifier`},
		{"few fields", path, "a;b\n1;2\n3\n", path + ":3: the row has 1 fields, the header 2"},
		{"many fields", path, "a;b\n\"1\n1\";2\n3;4;5\n", path + ":4: the row has 3 fields, the header 2"},
		{"comma", path, "a,b\n1,2\n", path + `:1:1: column name "a,b" is not an identifier`},
		{"column twice", path, "a;b;a\n", path + `:1:5: column "a" occurs twice`},
		{"column without name", path, "a;;b\n", path + `:1:3: column name "" is not an identifier`},
		{"bare quote", path, "a;b\n1;x\"y\n", path + `:2:4: the quotes are wrong`},
		{"open quote", path, "a;b\n1;\"y\n3;4\n5;6\n", path + `:2: the quotes are wrong`},
		{"quote in header", path, "a;\"b\nc\n", path + `:1: the quotes are wrong`},
		{"not UTF-8", path, "a\nb\ncaf\xe9\n", path + ":3: the line is not UTF-8; save the file as UTF-8"},
		{"two faults", path, "a;B\n1\n", path + ":1:3: column name \"B\" is not an identifier; use lower-case letters, digits and _\n" +
			path + ":2: the row has 1 fields, the header 2; separate fields with ;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := contract.ParseReference(c.path, []byte(c.text))
			if got != nil || !strings.HasPrefix(faults.Error(), c.want) || len(faults) != 1+strings.Count(c.want, "\n") {
				t.Errorf("got  %v\nwant %s", faults, c.want)
			}
		})
	}
}

func TestReferenceFingerprint(t *testing.T) {
	hash := func(text string) string {
		r, faults := contract.ParseReference("sources/reference/x.csv", []byte(text))
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		return r.Fingerprint()
	}
	base := hash("a;b\n1;2\n")
	for text, same := range map[string]bool{
		"\ufeffa;b\r\n\"1\";2": true, "a;c\n1;2\n": false, "a;b\n12;\n": false, "a;b\n1;3\n": false, "a;b\n": false, "a;b\n1;2\n1;2\n": false,
	} {
		if got := hash(text); (got == base) != same {
			t.Errorf("%q: same fingerprint is %v", text, got == base)
		}
	}
}
