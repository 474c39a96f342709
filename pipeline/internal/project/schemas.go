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

// schemaID begins the $id of every schema of this program.
const SchemaID = "urn:inbeeld:schema:"

// Schemas are the JSON Schemas (draft 2020-12) of the files of a project, each by the name of its file.
// Each stands beside the parser of what it describes.
func Schemas() map[string][]byte {
	return map[string][]byte{
		"sources.schema.json": sources.Schema, "checks.schema.json": checks.Schema, "schedules.schema.json": schedules.Schema,
		"inbeeld.schema.json": configSchema, "model.schema.json": sql.Schema,
	}
}

// WriteSchemas writes the schemas into dir, which it makes, and gives their paths. It leaves other files
// alone, and refuses, before it writes anything, when one of the names is taken by a file that is no
// schema of this program.
func WriteSchemas(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write the schemas: %w", err)
	}
	schemas := Schemas()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if err := replaceable(filepath.Join(dir, name)); err != nil {
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

// replaceable refuses a path at which something else stands.
func replaceable(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var there struct {
		ID string `json:"$id"`
	}
	if err == nil && json.NewDecoder(bytes.NewReader(text)).Decode(&there) == nil && strings.HasPrefix(there.ID, SchemaID) {
		return nil
	}
	return usage.Errorf("%s is no schema of inbeeld; move it away, or choose another folder", path)
}
