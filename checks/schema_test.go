package checks_test

import (
	"bytes"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"inbeeld/checks"
)

// schemaAccepts reports whether the schema accepts a text; ok is false if it is not YAML.
func schemaAccepts(t *testing.T, text string) (takes, ok bool) {
	t.Helper()
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(checks.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", content); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return false, false
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return false, false
	}
	return schema.Validate(value) == nil, true
}
