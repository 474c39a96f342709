package mart

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
)

const (
	manifestName    = "manifest.json"
	datapackageName = "datapackage.json"
	internDir       = "intern"
	csvDir          = "csv"
)

// Column is one column of a mart.
type Column struct {
	Name        string `json:"name"`
	Type        string `json:"type"` // DuckDB: VARCHAR, BOOLEAN, INTEGER, BIGINT, DECIMAL(p,s), DATE or TIMESTAMP
	Description string `json:"description"`
	Unit        string `json:"unit,omitempty"`        // what a number counts
	Denominator string `json:"denominator,omitempty"` // what 100% stands for
}

// File is one published Parquet file.
type File struct {
	Mart string `json:"mart"`
	// Path is relative to the version, with slashes: "x.parquet", or "intern/x.parquet" if Intern.
	Path        string `json:"path"`
	Rows        int64  `json:"rows"`
	Size        int64  `json:"size"` // bytes
	SHA256      string `json:"sha256"`
	Fingerprint string `json:"fingerprint"` // of all inputs of the content
	// Definition is the definitieversie: a fingerprint of all inputs of the figures except deliveries.
	Definition  string   `json:"definitieversie"`
	Description string   `json:"description"`
	Grain       []string `json:"grain"`
	Columns     []Column `json:"columns"`
	Intern      bool     `json:"intern"` // person-level, for a separate group of readers
	CSV         *CSVFile `json:"twin,omitempty"`
}

// A CSVFile has the rows of a mart as CSV, for spreadsheets: csv/<mart>.csv.
type CSVFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// A DataFile is a file of a version other than the manifest and the data package.
type DataFile struct {
	Path   string `json:"path"` // relative to the version, with slashes
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// dataFiles returns the Parquet and CSV files of marts.
func dataFiles(files []File) []DataFile {
	var all []DataFile
	for _, f := range files {
		all = append(all, DataFile{f.Path, f.SHA256, f.Size})
		if f.CSV != nil {
			all = append(all, DataFile{f.CSV.Path, f.CSV.SHA256, f.CSV.Size})
		}
	}
	return all
}

// Delivery is a delivery behind a version.
type Delivery struct {
	Source    string `json:"source"`
	ID        string `json:"id"`
	Peildatum string `json:"peildatum"` // jjjj-mm-dd
	SHA256    string `json:"sha256"`    // of the bytes as received
	File      string `json:"file"`      // name as delivered
}

// Manifest lists the contents and the inputs of a version.
type Manifest struct {
	Run       string    `json:"run"`
	Published time.Time `json:"published"` // written in UTC, truncated to seconds
	Inputs    string    `json:"inputs"`    // fingerprint of all inputs of the version
	Set       string    `json:"set"`       // SetFingerprint of Files
	Engine    string    `json:"engine"`    // program and database that made it
	// Peildata has the last peildatum by source, jjjj-mm-dd.
	Peildata   map[string]string `json:"peildata"`
	Deliveries []Delivery        `json:"deliveries"`
	Files      []File            `json:"files"`
	// Definitions maps the inputs of definitieversies, project files by path and the program, to fingerprints.
	Definitions map[string]string `json:"definitions"`
	// Checks counts verdicts by ernst.
	Checks map[string]int `json:"checks"`
}

// SetFingerprint hashes the names and hashes of files, in any order. Versions with equal sets have equal
// bytes.
func SetFingerprint(files []File) string {
	var lines []string
	for _, c := range dataFiles(files) {
		lines = append(lines, c.Path+"\x00"+c.SHA256+"\n")
	}
	slices.Sort(lines)
	hash := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(hash[:])
}

// ReadManifest reads the manifest of the version in dir.
func ReadManifest(dir string) (*Manifest, error) {
	return readJSON[Manifest]("manifest", filepath.Join(dir, manifestName))
}

// readJSON reads a JSON file; what names it in errors.
func readJSON[T any](what, path string) (*T, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", what, path, err)
	}
	return v, nil
}

// Write writes the manifest into dir. Equal manifests give equal bytes.
func (m Manifest) Write(dir string) error {
	data, err := encodeJSON(m.normal())
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return durable.WriteFile(filepath.Join(dir, manifestName), data, 0o600)
}

// normal returns m with files and deliveries sorted, and the time in UTC.
func (m Manifest) normal() Manifest {
	m.Published = m.Published.UTC().Truncate(time.Second)
	m.Files = slices.SortedFunc(slices.Values(m.Files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	m.Deliveries = slices.SortedFunc(slices.Values(m.Deliveries), func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Peildatum, b.Peildatum), cmp.Compare(a.ID, b.ID))
	})
	return m
}

// validate reports an error if no version can have this manifest.
func (m Manifest) validate() error {
	if err := validVersion(m.Run); err != nil {
		return err
	}
	if m.Published.IsZero() {
		return fmt.Errorf("manifest of run %s: the time of publication is missing", m.Run)
	}
	seen := make(map[string]bool, len(m.Files))
	for _, f := range m.Files {
		dir := "."
		if f.Intern {
			dir = internDir
		}
		base := path.Base(f.Path)
		if path.Clean(f.Path) != f.Path || path.Dir(f.Path) != dir || strings.HasPrefix(base, ".") ||
			strings.Contains(base, `\`) || path.Ext(base) != ".parquet" {
			return fmt.Errorf("mart %s: %q cannot be published; a file is <mart>.parquet, or intern/<mart>.parquet if it is intern", f.Mart, f.Path)
		}
		if f.CSV != nil && (f.Intern || f.CSV.Path != CSVPath(f.Mart)) {
			return fmt.Errorf("mart %s: %q cannot be its CSV copy; that is %s, and an intern mart has none", f.Mart, f.CSV.Path, CSVPath(f.Mart))
		}
		if seen[f.Path] {
			return fmt.Errorf("mart %s: %q is published twice", f.Mart, f.Path)
		}
		seen[f.Path] = true
		names := columnNames(f.Columns)
		for _, g := range f.Grain {
			if !slices.Contains(names, g) {
				return fmt.Errorf("mart %s: grain %q is not a column", f.Mart, g)
			}
		}
	}
	return nil
}

// CSVPath returns the path of the CSV copy of a mart within a version.
func CSVPath(mart string) string { return csvDir + "/" + mart + ".csv" }

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

func encodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return buf.Bytes(), err
}
