package mart

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Dataset names and describes a data package.
type Dataset struct {
	Name        string // lower-case letters, digits, ".", "-" and "_"
	Title       string
	Description string
}

var datasetName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// The JSON of a Frictionless Data Package, version 1 (specs.frictionlessdata.io).
type (
	datapackage struct {
		Profile     string     `json:"profile"`
		Name        string     `json:"name"`
		ID          string     `json:"id"`
		Title       string     `json:"title"`
		Description string     `json:"description"`
		Created     string     `json:"created"`
		Resources   []resource `json:"resources"`
	}
	resource struct {
		Profile     string      `json:"profile"`
		Name        string      `json:"name"`
		Path        string      `json:"path"`
		Title       string      `json:"title"`
		Description string      `json:"description"`
		Format      string      `json:"format"`
		Mediatype   string      `json:"mediatype"`
		Bytes       int64       `json:"bytes"`
		Hash        string      `json:"hash"`
		Definition  string      `json:"definitieversie"` // our extension: File.Definition
		Schema      tableSchema `json:"schema"`
	}
	tableSchema struct {
		Fields     []field  `json:"fields"`
		PrimaryKey []string `json:"primaryKey,omitempty"`
	}
	field struct {
		Name        string       `json:"name"`
		Type        string       `json:"type"`
		Description string       `json:"description"`
		Unit        string       `json:"unit,omitempty"`        // our extension: Column.Unit
		Denominator string       `json:"denominator,omitempty"` // our extension: Column.Denominator
		Constraints *constraints `json:"constraints,omitempty"`
	}
	constraints struct {
		Required bool `json:"required"`
		Unique   bool `json:"unique,omitempty"`
	}
)

// Datapackage describes every file of m, including intern ones, as a Frictionless Data Package. The grain
// of a mart is its primary key: a grain column is required, and unique if it is the only one.
func Datapackage(m Manifest, d Dataset) ([]byte, error) {
	if !datasetName.MatchString(d.Name) {
		return nil, fmt.Errorf("data package: name %q must be lower-case letters, digits, dots, dashes and underscores", d.Name)
	}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("data package: %w", err)
	}
	m = m.normal()
	pkg := datapackage{
		Profile: "data-package", Name: d.Name, ID: "sha256:" + SetFingerprint(m.Files), Title: d.Title,
		Description: d.Description, Created: m.Published.Format(time.RFC3339), Resources: []resource{},
	}
	for _, f := range m.Files {
		fields := make([]field, len(f.Columns))
		for i, c := range f.Columns {
			typ, err := fieldType(c.Type)
			if err != nil {
				return nil, fmt.Errorf("data package: mart %s: column %q: %w", f.Mart, c.Name, err)
			}
			fields[i] = field{Name: c.Name, Type: typ, Description: c.Description, Unit: c.Unit, Denominator: c.Denominator}
			if slices.Contains(f.Grain, c.Name) {
				fields[i].Constraints = &constraints{Required: true, Unique: len(f.Grain) == 1}
			}
		}
		stem := strings.TrimSuffix(f.Path, path.Ext(f.Path))
		pkg.Resources = append(pkg.Resources, resource{
			Profile: "data-resource", Name: strings.ToLower(strings.ReplaceAll(stem, "/", "-")),
			Path: f.Path, Title: f.Mart, Description: f.Description,
			Format: "parquet", Mediatype: "application/vnd.apache.parquet",
			Bytes: f.Size, Hash: "sha256:" + f.SHA256, Definition: f.Definition,
			Schema: tableSchema{Fields: fields, PrimaryKey: f.Grain},
		})
	}
	return encodeJSON(pkg)
}

// readDataset reads the name and description from the data package of a version.
func readDataset(dir string) (Dataset, error) {
	text, err := os.ReadFile(filepath.Join(dir, datapackageName))
	if err != nil {
		return Dataset{}, err
	}
	var pkg datapackage
	if err := json.Unmarshal(text, &pkg); err != nil {
		return Dataset{}, fmt.Errorf("read %s: %w", filepath.Join(dir, datapackageName), err)
	}
	return Dataset{Name: pkg.Name, Title: pkg.Title, Description: pkg.Description}, nil
}

// fieldTypes maps DuckDB types, without parameters, to Frictionless types.
var fieldTypes = map[string]string{
	"VARCHAR": "string", "BOOLEAN": "boolean", "INTEGER": "integer", "BIGINT": "integer", "DECIMAL": "number",
	"DATE": "date", "TIMESTAMP": "datetime",
}

// fieldType returns the Frictionless type for a DuckDB type.
func fieldType(duck string) (string, error) {
	name, _, _ := strings.Cut(strings.ToUpper(duck), "(")
	if t, ok := fieldTypes[strings.TrimSpace(name)]; ok {
		return t, nil
	}
	return "", fmt.Errorf("a mart cannot have type %s; cast it to VARCHAR, BOOLEAN, INTEGER, BIGINT, DECIMAL, DATE or TIMESTAMP", duck)
}
