package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// frictionless compiles one of the JSON Schemas of Frictionless.
func frictionless(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(func(pattern string) (jsonschema.Regexp, error) {
		if pattern == insidePackage {
			return pathInside{}, nil
		}
		return regexp.Compile(pattern)
	})
	schema, err := compiler.Compile(filepath.Join("internal", "mart", "testdata", "frictionless", name))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// insidePackage is the one pattern of theirs that Go has no syntax for: a path does not begin with a dot,
// a slash or a tilde, and does not climb.
const insidePackage = `^(?=^[^./~])(^((?!\.{2}).)*$).*$`

type pathInside struct{}

func (pathInside) MatchString(path string) bool {
	return path != "" && !strings.ContainsAny(path[:1], "./~") && !strings.Contains(path, "..")
}

func (pathInside) String() string { return insidePackage }

// packageIsValid holds a datapackage.json against the specification, and every column against the house:
// what it is, and of a number what it counts.
func packageIsValid(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := frictionless(t, "data-package.json").Validate(whole); err != nil {
		t.Errorf("%s is no data package: %v", path, err)
	}
	var pkg struct {
		Resources []struct {
			Name   string
			Schema json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &pkg); err != nil {
		t.Fatal(err)
	}
	if len(pkg.Resources) < 19 {
		t.Errorf("only %d resources", len(pkg.Resources))
	}
	tables := frictionless(t, "table-schema.json")
	for _, r := range pkg.Resources {
		one, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.Schema))
		if err != nil {
			t.Fatal(err)
		}
		if err := tables.Validate(one); err != nil {
			t.Errorf("%s has no table schema: %v", r.Name, err)
		}
		var table struct {
			Fields []struct{ Name, Type, Description, Unit, Denominator string }
		}
		if err := json.Unmarshal(r.Schema, &table); err != nil {
			t.Fatal(err)
		}
		for _, f := range table.Fields {
			number := f.Type == "integer" || f.Type == "number"
			share := strings.HasSuffix(f.Name, "_pct")
			switch {
			case f.Description == "":
				t.Errorf("%s.%s has no description", r.Name, f.Name)
			case number != (f.Unit != ""):
				t.Errorf("%s.%s is a %s with the unit %q", r.Name, f.Name, f.Type, f.Unit)
			case share != (f.Unit == "procent") || share != (f.Denominator != ""):
				t.Errorf("%s.%s has the unit %q and the denominator %q", r.Name, f.Name, f.Unit, f.Denominator)
			}
		}
	}
}
