package projectfile_test

import (
	"fmt"
	"regexp"
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
		{"one alias", "columns: [&c {name: a, type: text}, *c]\n", sample{Columns: []column{{"a", "text"}, {"a", "text"}}}, ""},
		{"merged keys", "columns: [&c {name: a, type: text}, {<<: *c, name: b}]\n", sample{Columns: []column{{"a", "text"}, {"b", "text"}}}, ""},
		{"as written", "description: 0.10\nevery: 0x10\nkey: [1_000, yes, true]\n", sample{Description: "0.10", Every: 16, Key: []string{"1_000", "yes", "true"}}, ""},
		{"null", "description: ~\nevery:\nkey:\ncolumns: [~]\n", sample{Columns: []column{{}}}, ""},

		{"two documents", "description: x\n---\ndescription: y\n", sample{}, "f.yaml:1: more than one YAML document"},
		{"unknown key", "descriptioon: x\n", sample{}, "f.yaml:1:1: unknown"},
		{"unknown key in a list", "columns:\n- name: a\n- nam: b\n", sample{}, "f.yaml:3:3: unknown"},
		{"key twice", "every: 1\nevery: 2\n", sample{}, "f.yaml:2:1: "},
		{"key twice with other quotes", "labels:\n  a: 1\n  # again\n  'a': 2\n", sample{}, "f.yaml:4:3: key \"a\" occurs twice; keep one"},
		{"key that is nothing", "~: b\n", sample{}, "f.yaml:1:1: a key that is nothing; write key: value"},
		{"half a number", "every: 1.5\n", sample{}, "f.yaml:1:8: this is a number where a whole number is expected"},
		{"number too large", "every: 18446744073709551615\n", sample{}, "f.yaml:1:8: this whole number is too large"},
		{"text for a number", "columns: []\nevery: often\n", sample{}, "f.yaml:2:8: "},
		{"list for a text", "description: [x]\n", sample{}, "f.yaml:1:14: this is a list where a text is expected"},
		{"list for a mapping", "[]", sample{}, "f.yaml:1:1: "},
		{"text for a mapping", "x", sample{}, "f.yaml:1:1: "},
		{"list not closed", "description: x\nkey: [a\n", sample{}, "f.yaml:2:6: "},
		{"tab as indentation", "columns:\n\t- name: a\n", sample{}, "f.yaml:2:"},
		{"mapping inside a line", "description: a: b\n", sample{}, "f.yaml:1:14: "},
		{"alias of nothing", "every: *nope\n", sample{}, "f.yaml:1:9: could not find alias"},
		{"alias of itself", "key: &x [*x]\n", sample{}, "f.yaml:1:10: alias inside an anchor"},
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

// TestHostile checks that text is refused before it can exhaust memory or the stack.
func TestHostile(t *testing.T) {
	t.Parallel()
	// Ten lists of ten aliases each expand to 10¹⁰ values.
	var bomb, stairs, keys, long strings.Builder
	bomb.WriteString("any:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&bomb, "  a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for i := range 1000 {
		stairs.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for i := range 30_000 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	long.WriteString(strings.Repeat("k", 100_000) + ":\n" + strings.Repeat("- x\n", 100_000))
	const deep = 10_000
	for _, c := range []struct{ name, text, want string }{
		{"aliases of aliases", bomb.String(), "3:12: alias inside an anchor; write the value out"},
		{"aliases of much", "a: &a [" + strings.Repeat("x,", 50_000) + "]\nb: [" + strings.Repeat("*a,", 5000) + "]", "2:8: the aliases refer to more than 100000 values; use fewer aliases"},
		{"brackets", strings.Repeat("[", deep), "1:51: nested more than 50 deep; nest less"},
		{"closed brackets", strings.Repeat("[", deep) + strings.Repeat("]", deep), "1:51: nested more than 50 deep; nest less"},
		{"braces", strings.Repeat("{a: ", deep), "1:201: nested more than 50 deep; nest less"},
		{"dashes", strings.Repeat("- ", deep) + "x", "1:101: nested more than 50 deep; nest less"},
		{"lists of mappings", strings.Repeat("- a: [", deep), "1:294: nested more than 50 deep; nest less"},
		{"blocks", stairs.String(), "51:52: nested more than 50 deep; nest less"},
		{"keys", keys.String(), "4001:6: a mapping of more than 4000 keys; split it"},
		{"keys in braces", "{" + strings.ReplaceAll(keys.String(), "\n", ",") + "}", "1:34897: a mapping of more than 4000 keys; split it"},
		{"long key", long.String(), "337:1: too many values below long keys; shorten the keys, or split the file"},
		{"large", strings.Repeat("# x\n", 300_000), "1:1: more than 1048576 bytes; split it"},
		{"question marks", strings.Repeat("? ", deep) + "x", "1:3: unexpected scalar value type"},
		{"anchors", strings.Repeat("&a ", deep) + "x", "1:4: unexpected scalar value type"},
		{"tags", strings.Repeat("!a ", deep) + "x", "1:5: value is not allowed in this context"},
		{"colons", strings.Repeat("a: ", deep) + "x", "1:152: nested more than 50 deep; nest less"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, faults := projectfile.Parse("f.yaml", []byte(c.text))
			runtime.ReadMemStats(&after)
			if len(faults) != 1 || faults.Error() != "f.yaml:"+c.want {
				t.Errorf("got faults %.300q, want %q", faults, c.want)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 150 {
				t.Errorf("refusing %d bytes took %d MB", len(c.text), used)
			}
		})
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

// The faults of an empty file are at its beginning, since it has no node.
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

// Reading any project file ends with a value or with faults that have a place inside it.
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

// TestPlaces checks that keys k1, k2, … and scalars v1, v2, … have their place in the text.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"k1: v1\nk2:\n  # why\n\n  k3: v2\n  k4:\n  - v3\n  # x\n  - k5: v4\n    k6:\n      k7: v5\nk8: v6\n",
		"k1: |\n  a\n   b\n\n  c\nk2: >-\n  a\n  b\nk3: v1\n",
		"k1:\n\n\n\n\n  # x\n  k2:\n    # y\n    k3: v1\nk4: v2\n",
		"'k1': 'v1'\n\"k2\": \"v2\"\nk3: [ v3,\n  # x\n  v4,\n\n  {k4: v5, \"k5\": v6,\n   k6: [v7]}]\nk7: v8 # v\nk8: v9\n",
		"k1: 'a\n  b\n\n  c'\nk2: v1\nk3: a\n  b\n  c\nk4: v2\nk5: \"a\n  \\\"b\\\"\n  c\"\nk6: v3\n",
		"é: v1\nk1: {é: 'é', k2: v2}\n'é é': [é, v3]\n",
		"- k1: v1\n  k2:\n    - - v2\n      - v3\n-\n  k3: v4\n- [v5, {k4: v6}]\n",
		"? k1\n: v1\n? k2\n: - v2\n  - k3: v3\nk4: v4\n",
		"k1:   &a v1\nk2:\tv2\nk3: v3\nk4: &b\n  k5: v4\nk6: v5\n",
		"k1:\t\t'v1'\t# x\nk2: [\tv2, \tv3 ] \t# y\nk3: {k4:\tv4, k5: \tv5}\nk6:\t[]\nk7: v6\n",
		"---\n# x\nk1: v1\nk2: {k3: v2}\n...\n",
		"k1: |+\n  a\n\n\nk2: v1\nk3: >2\n    a\n  b\nk4: v2\n",
		"k1:\n- v1\n-   k2:   v2\n    k3: v3\n-\n  - v4\nk4: v5\n",
	} {
		for _, end := range []string{"\n", "\r\n"} {
			text := strings.ReplaceAll(text, "\n", end)
			doc, faults := projectfile.Parse("f.yaml", []byte(text))
			if len(faults) > 0 {
				t.Errorf("%q: %v", text, faults)
				continue
			}
			found := 0
			check := func(word string, line, col int) {
				before, _, ok := strings.Cut(text, word)
				if !ok || (word[0] != 'k' && word[0] != 'v') {
					return
				}
				found++
				before = strings.TrimRight(before, `'"`)
				start := strings.LastIndex(before, "\n") + 1
				if wantLine, wantCol := strings.Count(before, "\n")+1, len([]rune(before[start:]))+1; line != wantLine || col != wantCol {
					t.Errorf("%q: %s is found at %d:%d, not %d:%d", text, word, line, col, wantLine, wantCol)
				}
			}
			var walk func(v *projectfile.Value)
			walk = func(v *projectfile.Value) {
				if s, ok := v.Scalar(); ok && s != "" {
					check(s, v.Line, v.Col)
				}
				for _, key := range v.Keys {
					check(key.Name, key.Line, key.Col)
					walk(key.Value)
				}
				for _, item := range v.Items {
					walk(item)
				}
			}
			walk(doc.Root)
			if want := strings.Count(text, "k") + len(regexp.MustCompile(`v\d`).FindAllString(text, -1)); found != want {
				t.Errorf("%q: %d words found of %d", text, found, want)
			}
		}
	}
}
