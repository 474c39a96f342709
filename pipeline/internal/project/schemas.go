package project

import (
	"bytes"
	_ "embed" // for the schema
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/schedules"
	"inbeeld/sources"
	"inbeeld/sql"
)

// configSchema is the JSON Schema of inbeeld.yaml.
//
//go:embed schema.json
var configSchema []byte

// SchemaID is the prefix of the $id of every schema of this program.
const SchemaID = "urn:inbeeld:schema:"

// Schemas returns the JSON Schemas (draft 2020-12) of the project files, by file name. Each lives next to its
// parser.
func Schemas() map[string][]byte {
	return map[string][]byte{
		"sources.schema.json": sources.Schema, "checks.schema.json": checks.Schema, "schedules.schema.json": schedules.Schema,
		"inbeeld.schema.json": configSchema, "model.schema.json": sql.Schema,
	}
}

// WriteSchemas writes the schemas to dir, which it creates, and returns their paths. If one of the names
// belongs to a file that is not a schema of this program, it writes nothing and returns an error.
func WriteSchemas(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write the schemas: %w", err)
	}
	schemas := Schemas()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if err := checkReplaceable(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		path := filepath.Join(dir, name)
		if err := durable.WriteFile(path, schemas[name], 0o644); err != nil {
			return nil, fmt.Errorf("write the schemas: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// checkReplaceable returns an error for a file that is not a schema of this program.
func checkReplaceable(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var existing struct {
		ID string `json:"$id"`
	}
	if err == nil && json.NewDecoder(bytes.NewReader(text)).Decode(&existing) == nil && strings.HasPrefix(existing.ID, SchemaID) {
		return nil
	}
	return usage.Errorf("%s is not a schema of inbeeld; move it, or choose another folder", path)
}
