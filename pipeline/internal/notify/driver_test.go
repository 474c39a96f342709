package notify

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inbeeld/pipeline/projectfile"
)

// checkEndpoint returns the faults of one channel.
func checkEndpoint(t *testing.T, e Endpoint) string {
	t.Helper()
	doc, faults := projectfile.Parse("inbeeld.yaml", []byte("alerts: {}\n"))
	return append(faults, Settings{Channels: map[string]Endpoint{"naam": e}}.Check(doc, "$.alerts")...).Sorted().Error()
}

// TestDrivers: the examples of a driver are a channel without faults; a required setting that is gone, and
// a key that it does not have, are faults.
func TestDrivers(t *testing.T) {
	for _, d := range drivers {
		whole := Endpoint{}
		for _, s := range d.settings {
			whole[s.key] = s.example
		}
		if d.settings[0].key != d.kind {
			t.Errorf("%s: the first setting is %s", d.kind, d.settings[0].key)
		}
		if got := checkEndpoint(t, whole); got != "" {
			t.Errorf("%s: the examples have faults: %s", d.kind, got)
		}
		for _, s := range d.settings {
			part := maps.Clone(whole)
			delete(part, s.key)
			if got := checkEndpoint(t, part); (got != "") != s.required {
				t.Errorf("%s without %s, required %t: %q", d.kind, s.key, s.required, got)
			}
		}
		added := maps.Clone(whole)
		added["zzzzzz"] = "x"
		if got := checkEndpoint(t, added); !strings.Contains(got, `unknown key "zzzzzz" of a `+d.kind) {
			t.Errorf("%s: %q", d.kind, got)
		}
	}
}

type property struct {
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Pattern     string   `json:"pattern"`
	Examples    []string `json:"examples"`
}

type kindSchema struct {
	Type       string              `json:"type"`
	Additional bool                `json:"additionalProperties"`
	Required   []string            `json:"required"`
	Properties map[string]property `json:"properties"`
}

// channelsSchema is the JSON Schema of alerts.channels.
type channelsSchema struct {
	Description string `json:"description"`
	Type        string `json:"type"`
	Min         int    `json:"minProperties"`
	Each        struct {
		Description string       `json:"description"`
		OneOf       []kindSchema `json:"oneOf"`
	} `json:"additionalProperties"`
}

// TestSchema: the schema of inbeeld.yaml has the settings of the drivers; -update writes them into it.
func TestSchema(t *testing.T) {
	patterns := map[form]string{reference: "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$", certificates: `\S`, httpsAddress: "^https://.", folderPath: "^/"}
	want := channelsSchema{Description: "The channels other than mail, by name.", Type: "object", Min: 1}
	want.Each.Description = "One of " + strings.Join(kinds(), ", ") + "."
	for _, d := range drivers {
		k := kindSchema{Type: "object", Properties: map[string]property{}}
		for _, s := range d.settings {
			k.Properties[s.key] = property{s.description, "string", patterns[s.form], []string{s.example}}
			if s.required {
				k.Required = append(k.Required, s.key)
			}
		}
		want.Each.OneOf = append(want.Each.OneOf, k)
	}
	text := new(bytes.Buffer)
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("        ", "  ")
	if err := encoder.Encode(want); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "project", "schema.json")
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(all, []byte(`        "channels": `))
	if !ok {
		t.Fatalf("%s has no channels", file)
	}
	var old json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(rest)).Decode(&old); err != nil {
		t.Fatal(err)
	}
	if now := strings.TrimSpace(text.String()); now != string(old) {
		if !*update {
			t.Fatalf("%s has other settings than the drivers; -update writes them", file)
		}
		text := string(before) + `        "channels": ` + now + string(rest[len(old):])
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
