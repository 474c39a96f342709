package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"inbeeld/checks"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/projectfile"
	"inbeeld/schedules"
	"inbeeld/sources/contract"
	"inbeeld/sql/model"
)

// compiledSchemas are the schemas by the name of their file; compiling holds them against draft 2020-12.
func compiledSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	for name, text := range project.Schemas() {
		content, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		id, ok := content.(map[string]any)["$id"].(string)
		if !ok || !strings.HasPrefix(id, project.SchemaID) {
			t.Fatalf("%s has no $id of this program", name)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(id, content); err != nil {
			t.Fatal(err)
		}
		if out[name], err = compiler.Compile(id); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// schemaOf names the schema of a project file and gives its YAML; "" when it has none.
func schemaOf(file string, text []byte) (name string, content []byte) {
	switch dir, ext := path.Dir(file), path.Ext(file); {
	case file == project.ConfigFile:
		return "inbeeld.schema.json", text
	case ext == ".yaml":
		return dir + ".schema.json", text
	case strings.HasPrefix(dir, "sql/") && ext == ".sql":
		var header strings.Builder
		for line := range strings.Lines(string(text)) {
			comment, ok := strings.CutPrefix(line, "--")
			if !ok {
				break
			}
			header.WriteString(strings.TrimPrefix(comment, " "))
		}
		return "model.schema.json", []byte(header.String())
	}
	return "", nil
}

// instance is YAML as a JSON Schema sees it.
func instance(content []byte) (any, error) {
	text, err := yaml.YAMLToJSON(content)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// projectTexts are the files of the embedded project.
func projectTexts(t *testing.T) map[string][]byte {
	t.Helper()
	p, faults, err := project.Load("")
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	return p.Files
}

// TestSchemasTakeTheProject: every file of the embedded project fits its schema, and still parses with the
// line that names one above it.
func TestSchemasTakeTheProject(t *testing.T) {
	t.Parallel()
	schemas := compiledSchemas(t)
	files := projectTexts(t)
	files[project.ConfigFile] = []byte("data: /srv/inbeeld\nproject: /etc/inbeeld\nkey_file: /etc/inbeeld/key\nmemory_limit: 4GB\nthreads: 2\npublish: {group: bi, intern: true, intern_group: onderzoek}\n")
	seen := map[string]int{}
	for file, text := range files {
		name, content := schemaOf(file, text)
		if name == "" {
			continue
		}
		seen[name]++
		value, err := instance(content)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if err := schemas[name].Validate(value); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		line := "# yaml-language-server: $schema=../schemas/" + name + "\n"
		if path.Ext(file) == ".sql" {
			line = "-- " + line
		}
		if faults := parseAlone(file, append([]byte(line), text...)); len(faults) > 0 {
			t.Errorf("%s with the line of an editor: %v", file, faults)
		}
	}
	if len(seen) != len(schemas) {
		t.Errorf("files by schema: %v", seen)
	}
}

// parseAlone gives the faults that the parser finds in one file.
func parseAlone(file string, text []byte) projectfile.Faults {
	var faults projectfile.Faults
	switch dir := path.Dir(file); {
	case file == project.ConfigFile:
		faults = project.ParseConfig(".", file, text, &project.Config{})
	case dir == "sources":
		_, faults = contract.Parse(file, text)
	case dir == "checks":
		_, faults = rule.ParseFile(file, text)
	case dir == "schedules":
		_, faults = schedules.ParseSchedule(file, text)
	default:
		_, faults = model.Parse(file, text)
	}
	return faults
}

// stranger is a key that is near no other, so that a parser lists those that it knows.
const stranger = "zzzzzzzzzzzz"

// TestSchemasKnowTheKeys: in every mapping the schema has the keys that the parser knows, and no other.
func TestSchemasKnowTheKeys(t *testing.T) {
	t.Parallel()
	type spot struct{ schema, at, file, text string }
	spots := []spot{
		{"sources", "properties", "sources/x.yaml", "KEY: 1\n"},
		{"sources", "properties/columns/items/properties", "sources/x.yaml", "columns: [{KEY: 1}]\n"},
		{"schedules", "properties", "schedules/x.yaml", "KEY: 1\n"},
		{"schedules", "properties/watch/properties", "schedules/x.yaml", "watch: {KEY: 1}\n"},
		{"schedules", "properties/retry/properties", "schedules/x.yaml", "retry: {KEY: 1}\n"},
		{"model", "properties", "sql/core/x.sql", "-- KEY: 1\nselect 1\n"},
		{"model", "properties/columns/additionalProperties/oneOf/1/properties", "sql/core/x.sql", "-- columns:\n--   a: {KEY: x}\nselect 1\n"},
		{"model", "properties/budget/properties", "sql/marts/x.sql", "-- budget: {KEY: 1}\nselect 1\n"},
		{"checks", "properties/overrides/additionalProperties/properties", "checks/marts.x.yaml", "- {check: share, per: a, overrides: {a: {KEY: 1}}}\n"},
		{"checks", "properties/accepted/items/properties", "checks/marts.x.yaml", "- {check: share, accepted: [{KEY: 1}]}\n"},
		{"checks", "$defs/change/properties", "checks/marts.x.yaml", "- {check: share, warn: {drop: {KEY: 1}}}\n"},
		{"checks", "$defs/sum/properties", "checks/marts.x.yaml", "- {check: sum_matches, column: a, total: {KEY: 1}}\n"},
		{"checks", "$defs/sum/properties", "checks/marts.x.yaml", "- {check: reconcile, reference: {KEY: 1}}\n"},
	}
	for i, kind := range []string{"dir", "sftp", "s3", "azblob", "https", "postgres"} {
		var names []string
		if err := json.Unmarshal(partOf(t, "sources", fmt.Sprintf("properties/from/allOf/%d/then/propertyNames/enum", i)), &names); err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		known := knownTo(t, "sources/x.yaml", "from: {"+kind+": x, "+stranger+": 1}\n")
		if diff := cmp.Diff(known, names); diff != "" {
			t.Errorf("from a place of kind %s (-parser +schema)\n%s", kind, diff)
		}
		for _, name := range names {
			if !slices.Contains(keysOf(t, "sources", "properties/from/properties"), name) {
				t.Errorf("from: %s is not described", name)
			}
		}
	}
	for _, part := range []string{"expect", "limits", "format", "pakbon"} {
		spots = append(spots, spot{"sources", "properties/" + part + "/properties", "sources/x.yaml", part + ": {KEY: 1}\n"})
	}
	for i, kind := range []string{"s3", "azblob"} {
		known := knownTo(t, project.ConfigFile, "publish: {to: {"+kind+": x, "+stranger+": 1}}\n")
		if diff := cmp.Diff(known, keysOf(t, "inbeeld", fmt.Sprintf("properties/publish/properties/to/oneOf/%d/properties", i+1))); diff != "" {
			t.Errorf("publish to a place of kind %s (-parser +schema)\n%s", kind, diff)
		}
	}
	for _, s := range spots {
		at := s.at
		if s.schema == "checks" && strings.HasPrefix(at, "properties") {
			at = "items/" + at
		}
		schema := keysOf(t, s.schema, at)
		known := knownTo(t, s.file, strings.Replace(s.text, "KEY", stranger, 1))
		if diff := cmp.Diff(known, schema); diff != "" {
			t.Errorf("%s, %s (-parser +schema)\n%s", s.schema, s.text, diff)
		}
	}
	var kinds []string
	if err := json.Unmarshal(partOf(t, "checks", "items/properties/check/enum"), &kinds); err != nil {
		t.Fatal(err)
	}
	all, ofLimits := map[string]bool{}, map[string]bool{}
	for i, rule := range listOf(t, partOf(t, "checks", "items/allOf")) {
		var one struct {
			If struct {
				Properties struct{ Check struct{ Const string } }
			}
			Then struct{ PropertyNames struct{ Enum []string } }
		}
		if err := json.Unmarshal(rule, &one); err != nil {
			t.Fatal(err)
		}
		kind := one.If.Properties.Check.Const
		if !slices.Contains(kinds, kind) {
			t.Errorf("rule %d is about the kind %q", i, kind)
		}
		kinds = slices.DeleteFunc(kinds, func(k string) bool { return k == kind })
		slices.Sort(one.Then.PropertyNames.Enum)
		known := knownTo(t, "checks/marts.x.yaml", "- {check: "+kind+", "+stranger+": 1}\n")
		if diff := cmp.Diff(known, one.Then.PropertyNames.Enum); diff != "" {
			t.Errorf("kind %s (-parser +schema)\n%s", kind, diff)
		}
		for _, k := range known {
			all[k] = true
		}
		for _, k := range knownTo(t, "checks/marts.x.yaml", "- {check: "+kind+", warn: {"+stranger+": 1}}\n") {
			ofLimits[k] = true
		}
	}
	if len(kinds) > 0 {
		t.Errorf("no rule for the kinds %v", kinds)
	}
	if kind := knownTo(t, "checks/marts.x.yaml", "- {check: "+stranger+"}\n"); len(kind) > 0 {
		t.Errorf("kinds %v", kind)
	}
	for at, known := range map[string]map[string]bool{"items/properties": all, "$defs/limit/properties": ofLimits} {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(known)), keysOf(t, "checks", at)); diff != "" {
			t.Errorf("checks, %s (-parser +schema)\n%s", at, diff)
		}
	}
	if diff := cmp.Diff(yamlKeys(reflect.TypeFor[project.Config]()), keysOf(t, "inbeeld", "properties")); diff != "" {
		t.Errorf("inbeeld.yaml (-parser +schema)\n%s", diff)
	}
	for f := range reflect.TypeFor[project.Config]().Fields() {
		if f.Type.Kind() == reflect.Struct {
			if diff := cmp.Diff(yamlKeys(f.Type), keysOf(t, "inbeeld", "properties/"+f.Tag.Get("yaml")+"/properties")); diff != "" {
				t.Errorf("%s of inbeeld.yaml (-parser +schema)\n%s", f.Name, diff)
			}
		}
	}
}

func yamlKeys(t reflect.Type) (keys []string) {
	for f := range t.Fields() {
		keys = append(keys, f.Tag.Get("yaml"))
	}
	slices.Sort(keys)
	return keys
}

// knownTo are the keys that a parser lists beside an unknown one.
func knownTo(t *testing.T, file, text string) []string {
	t.Helper()
	for _, f := range parseAlone(file, []byte(text)) {
		if list, ok := strings.CutPrefix(f.Hint, "known: "); ok && strings.Contains(f.Message, `unknown key "`+stranger+`"`) {
			return slices.Sorted(slices.Values(strings.Split(list, ", ")))
		}
	}
	if !strings.Contains(text, "check: "+stranger) {
		t.Errorf("%s: the parser does not say what it knows: %v", text, parseAlone(file, []byte(text)))
	}
	return nil
}

// partOf is a part of a schema, by the keys and places that lead to it.
func partOf(t *testing.T, schema, at string) json.RawMessage {
	t.Helper()
	part := json.RawMessage(project.Schemas()[schema+".schema.json"])
	for _, step := range strings.Split(at, "/") {
		if list := []json.RawMessage(nil); json.Unmarshal(part, &list) == nil {
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(list) {
				t.Fatalf("%s has no %s", schema, at)
			}
			part = list[i]
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(part, &object); err != nil || object[step] == nil {
			t.Fatalf("%s has no %s", schema, at)
		}
		part = object[step]
	}
	return part
}

func listOf(t *testing.T, part json.RawMessage) (list []json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal(part, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// keysOf are the properties of a part of a schema; each must be described.
func keysOf(t *testing.T, schema, at string) []string {
	t.Helper()
	var properties map[string]struct{ Description string }
	if err := json.Unmarshal(partOf(t, schema, at), &properties); err != nil {
		t.Fatal(err)
	}
	for key, p := range properties {
		if p.Description == "" {
			t.Errorf("%s, %s: %s has no description", schema, at, key)
		}
	}
	return slices.Sorted(maps.Keys(properties))
}

// structural are faults in the shape of a file, which a schema can see.
var structural = regexp.MustCompile(`unknown (key|kind|type|severity|per|catch_up|overlap)|(text|list|mapping|number) where a|must be (text|true|a)|column \S+ has no description|no value where`)

// TestSchemasRefuseBrokenFiles: where the faults of a broken project are about the shape of a file, the
// schema of the file refuses it as well.
func TestSchemasRefuseBrokenFiles(t *testing.T) {
	t.Parallel()
	schemas := compiledSchemas(t)
	cases, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, c := range cases {
		archive, err := txtar.ParseFile(c)
		if err != nil {
			t.Fatal(err)
		}
		faults := string(archive.Files[len(archive.Files)-1].Data)
		for _, f := range archive.Files[:len(archive.Files)-1] {
			name, content := schemaOf(f.Name, f.Data)
			shape := false
			for line := range strings.Lines(faults) {
				shape = shape || strings.HasPrefix(line, f.Name+":") && structural.MatchString(line)
			}
			value, err := instance(content)
			if name == "" || !shape || err != nil {
				continue
			}
			if schemas[name].Validate(value) == nil {
				t.Errorf("%s: the schema takes %s, of which the parser says\n%s", c, f.Name, faults)
			}
			refused++
		}
	}
	if refused < 10 {
		t.Errorf("only %d broken files", refused)
	}
}

// TestWriteSchemas: other files stay, and none is written over.
func TestWriteSchemas(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nieuw")
	for range 2 { // over its own as well
		paths, err := project.WriteSchemas(dir)
		if err != nil || len(paths) != len(project.Schemas()) {
			t.Fatalf("%v, %v", paths, err)
		}
	}
	other := filepath.Join(dir, "sources.schema.json")
	for _, text := range []string{"", "{}", `{"$id": "https://example.org/x"}`, "geen JSON"} {
		nightWrite(t, other, text)
		if err := os.Remove(filepath.Join(dir, "checks.schema.json")); err != nil {
			t.Fatal(err)
		}
		_, err := project.WriteSchemas(dir)
		if err == nil || !strings.Contains(err.Error(), other) {
			t.Errorf("over %q: %v", text, err)
		}
		if left, err := os.ReadFile(other); err != nil || string(left) != text {
			t.Errorf("%q became %q, %v", text, left, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "checks.schema.json")); err == nil {
			t.Error("something was written all the same")
		}
		nightWrite(t, filepath.Join(dir, "checks.schema.json"), string(checks.Schema))
	}
	if _, err := fs.Stat(os.DirFS(dir), "model.schema.json"); err != nil {
		t.Error(err)
	}
}
