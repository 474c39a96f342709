package notify

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

//go:embed announcement.schema.json
var announcementSchema []byte

// A schema is the part of JSON Schema that announcement.schema.json is written in.
type schema struct{ root map[string]any }

func readSchema(t *testing.T) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal(announcementSchema, &s.root); err != nil {
		t.Fatal(err)
	}
	return s
}

// holds checks a value against a rule of the schema. A word of JSON Schema that it does not know fails.
func (s schema) holds(t *testing.T, path string, rule map[string]any, value any) {
	t.Helper()
	if ref, ok := rule["$ref"].(string); ok {
		rule = s.root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	for word, of := range rule {
		switch word {
		case "$schema", "$defs", "title", "description", "format", "properties", "additionalProperties", "items":
		case "const":
			if value != of {
				t.Errorf("%s is %v, not %v", path, value, of)
			}
		case "enum":
			if !slices.Contains(of.([]any), value) {
				t.Errorf("%s is %v, none of %v", path, value, of)
			}
		case "required":
			for _, name := range of.([]any) {
				if _, ok := value.(map[string]any)[name.(string)]; !ok {
					t.Errorf("%s has no %s", path, name)
				}
			}
		case "type":
			s.typed(t, path, rule, of.(string), value)
		default:
			t.Errorf("the schema uses %q, which this test does not know", word)
		}
	}
}

func (s schema) typed(t *testing.T, path string, rule map[string]any, kind string, value any) {
	t.Helper()
	ok := false
	switch v := value.(type) {
	case string:
		ok = kind == "string"
	case bool:
		ok = kind == "boolean"
	case []any:
		ok = kind == "array"
		for _, item := range v {
			s.holds(t, path+"[]", rule["items"].(map[string]any), item)
		}
	case map[string]any:
		ok = kind == "object"
		properties := rule["properties"].(map[string]any)
		for name, of := range v {
			if properties[name] == nil {
				t.Errorf("%s has %s, which the schema does not", path, name)
				continue
			}
			s.holds(t, path+"."+name, properties[name].(map[string]any), of)
		}
	}
	if !ok {
		t.Errorf("%s is %T, not %s", path, value, kind)
	}
}
