package projectfile_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/projectfile"
)

// sample has one field of each shape that project files use.
type sample struct {
	Description string            `yaml:"description"`
	Every       int               `yaml:"every"`
	Required    bool              `yaml:"required"`
	Key         []string          `yaml:"key"`
	Columns     []column          `yaml:"columns"`
	Labels      map[string]string `yaml:"labels"`
	Any         any               `yaml:"any"`
}

type column struct {
	Name string `yaml:"name"`
	Type string `yaml:"type"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       sample
		faults     string // their places, one a line, and the first words
	}{
		{"all shapes", "description: x\nevery: 7\nrequired: true\nkey: [a, b]\ncolumns:\n- {name: a, type: text}\nlabels: {a: b}\n", sample{
			Description: "x", Every: 7, Required: true, Key: []string{"a", "b"},
			Columns: []column{{"a", "text"}}, Labels: map[string]string{"a": "b"},
		}, ""},
		{"empty file", "", sample{}, ""},
		{"blank lines", "\n\n", sample{}, ""},
		{"comment only", "# nothing yet\n", sample{}, ""},
		{"one document with its marks", "---\ndescription: x\n...\n", sample{Description: "x"}, ""},
		{"byte order mark", "\ufeffdescription: x\n", sample{Description: "x"}, ""},
		{"CRLF", "description: |\r\n  x\r\nevery: 2\r\n", sample{Description: "x\n", Every: 2}, ""},
		{"one alias", "key: &k [a]\nany: *k\n", sample{Key: []string{"a"}, Any: []string{"a"}}, ""},

		{"two documents", "description: x\n---\ndescription: y\n", sample{}, "f.yaml:1: more than one YAML document"},
		{"unknown key", "descriptioon: x\n", sample{}, "f.yaml:1:1: unknown"},
		{"unknown key in a list", "columns:\n- name: a\n- nam: b\n", sample{}, "f.yaml:3:3: unknown"},
		{"key twice", "every: 1\nevery: 2\n", sample{}, "f.yaml:2:1: "},
		{"text for a number", "columns: []\nevery: often\n", sample{}, "f.yaml:2:8: "},
		{"list for a text", "description: [x]\n", sample{}, "f.yaml:1:14: this is a list where a text is expected"},
		{"list for a mapping", "[]", sample{}, "f.yaml:1:1: "},
		{"text for a mapping", "x", sample{}, "f.yaml:1:1: "},
		{"list not closed", "description: x\nkey: [a\n", sample{}, "f.yaml:2:6: "},
		{"tab as indentation", "columns:\n\t- name: a\n", sample{}, "f.yaml:2:"},
		{"mapping inside a line", "description: a: b\n", sample{}, "f.yaml:1:14: "},
		{"alias of nothing", "any: *nope\n", sample{}, "f.yaml:1:7: "},
		{"alias of itself", "any: &x [*x]\n", sample{}, "f.yaml:1:10: alias inside an anchor"},
		{"not UTF-8", "description: x\nlabels: {é: \xff}\n", sample{}, "f.yaml:2:13: not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got sample
			doc, faults := projectfile.Parse("f.yaml", []byte(c.text))
			if len(faults) == 0 {
				faults = doc.Decode(&got)
			}
			if c.faults == "" {
				if diff := cmp.Diff(c.want, got); diff != "" || len(faults) > 0 {
					t.Errorf("faults %v; -want +got:\n%s", faults, diff)
				}
				return
			}
			if len(faults) != 1 || !strings.HasPrefix(faults.Error(), c.faults) {
				t.Errorf("got faults %q, want one that begins with %q", faults, c.faults)
			}
		})
	}
}

// Ten lists of ten aliases each stand for 10¹⁰ values; the file must be refused before they are made.
func TestBillionLaughs(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("any:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&bomb, "  a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, faults := projectfile.Parse("f.yaml", []byte(bomb.String()))
	runtime.ReadMemStats(&after)
	if want := "f.yaml:3:12: alias inside an anchor; write the value out"; faults.Error() != want {
		t.Errorf("got faults %q, want %q", faults, want)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 100 {
		t.Errorf("refusing %d bytes took %d MB", bomb.Len(), used)
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	text := "description: x\ncolumns:\n- name: a\n  type: text\n- {name: b, type: date}\nlabels:\n  # of the owner\n  een: 1\n"
	for _, c := range []struct {
		path      string
		line, col int
	}{
		{"$", 1, 1},
		{"$.description", 1, 14},
		{"$.columns[0].type", 4, 9},
		{"$.columns[1].type", 5, 19},
		{"$.columns[1]", 5, 4},
		{"$.columns[1].values", 5, 4}, // absent: its parent
		{"$.columns[9].name", 3, 1},
		{"$.labels.een", 8, 8},
		{"$.labels.twee", 8, 3},
		{"$.limits.quarantined", 1, 1},
		{"no path", 1, 1},
		{"", 1, 1},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			plain, faults := projectfile.Parse("f.yaml", []byte(text))
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			want := projectfile.Fault{Path: "f.yaml", Line: c.line, Col: c.col, Message: "bad a", Hint: "fix it"}
			if diff := cmp.Diff(want, plain.At(c.path, "fix it", "bad %s", "a")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			header, faults := projectfile.ParseAt("f.sql", []byte(text), 10, 3)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			want.Path, want.Line, want.Col = "f.sql", c.line+10, c.col+3
			if diff := cmp.Diff(want, header.At(c.path, "fix it", "bad %s", "a")); diff != "" {
				t.Errorf("inside another file: -want +got:\n%s", diff)
			}
		})
	}
}

// An empty file has no node to point at; its faults stand at its beginning.
func TestAtEmptyFile(t *testing.T) {
	t.Parallel()
	doc, faults := projectfile.Parse("f.yaml", nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if got, want := doc.At("$.description", "", "nothing here").Error(), "f.yaml:1:1: nothing here"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFaultsInsideAnotherFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"description: x\nevery: often\n", "m.sql:6:11: "},
		{"description: x\nkey: [a\n", "m.sql:6:9: "},
		{"description: \xff\n", "m.sql:5:17: not UTF-8"},
		{"key: &k [*k]\n", "m.sql:5:13: alias inside an anchor"},
		{"a: 1\n---\nb: 2\n", "m.sql:5: more than one"},
	} {
		var into sample
		doc, faults := projectfile.ParseAt("m.sql", []byte(c.text), 4, 3)
		if len(faults) == 0 {
			faults = doc.Decode(&into)
		}
		if len(faults) != 1 || !strings.HasPrefix(faults.Error(), c.want) {
			t.Errorf("%q: got faults %q, want one that begins with %q", c.text, faults, c.want)
		}
	}
}

// Whatever stands in a project file, reading it ends with a value or with faults that have a place
// inside it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "---\n", "description: x\nevery: 7\ncolumns:\n- {name: a, type: text}\n", "a: [", "a: &x [*x]", "a: !!binary x\n", "? a\n: b\n",
		"key: >-\n  a\n  b\n", "\ufeffdescription: é\r\n", "any: {<<: {b: 1}}\n", "- - - x\n", "'a': \"\\u00e9\"\n", "any: 0x1F\n", "any: .inf\n", "description: \xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var into sample
		doc, faults := projectfile.Parse("f.yaml", []byte(text))
		if len(faults) == 0 {
			faults = doc.Decode(&into)
		}
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for _, fault := range append(faults, doc.At("$.columns[0].name", "", "probe")) {
			if fault.Path != "f.yaml" || fault.Message == "" || strings.Contains(fault.Message, "\n") || fault.Line > lines {
				t.Errorf("%q: fault %#v", text, fault)
			}
		}
	})
}
