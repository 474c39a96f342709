package project

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // for the schema
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"inbeeld/checks"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
	"inbeeld/schedules"
	"inbeeld/sources"
	"inbeeld/sql"
)

// originFile lists the embedded files that were written to a project folder: a line "<sha256>  <path>" for
// each, sorted by path.
const originFile = ".inbeeld-origin"

// Written lists the files that Write wrote, and those that it left because they existed, by path.
type Written struct {
	Written, Existing []string
}

// Write writes the named files of the embedded project, or all, to dir for editing. It never overwrites a
// file. If a name does not exist, it writes nothing and returns a usage.Error with the nearest name.
func Write(dir string, names []string) (*Written, error) {
	embedded, err := embeddedFiles()
	if err != nil {
		return nil, err
	}
	wanted, err := pick(embedded, names, "the embedded project has no file")
	if err != nil {
		return nil, err
	}
	origin, err := readOrigin(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write the project: %w", err)
	}
	root, err := os.OpenRoot(dir) // no link in it can lead outside
	if err != nil {
		return nil, fmt.Errorf("write the project: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing is written through it
	result := &Written{}
	for _, name := range wanted {
		switch written, err := writeNew(root, name, embedded[name]); {
		case err != nil:
			return nil, fmt.Errorf("write the project: %w", err)
		case !written:
			result.Existing = append(result.Existing, name)
		default:
			result.Written = append(result.Written, name)
			origin[name] = sumOf(embedded[name])
		}
	}
	if len(result.Written) == 0 {
		return result, nil
	}
	return result, writeOrigin(dir, origin)
}

// embeddedFiles returns the files of the embedded project by path.
func embeddedFiles() (map[string][]byte, error) {
	p, faults, err := Load("")
	if err := errors.Join(err, faults.Err()); err != nil {
		return nil, fmt.Errorf("read the embedded project: %w", err)
	}
	return p.Files, nil
}

// pick returns the named paths, sorted, or all if there are no names.
func pick(files map[string][]byte, names []string, missing string) ([]string, error) {
	all := slices.Sorted(maps.Keys(files))
	if len(names) == 0 {
		return all, nil
	}
	var picked []string
	for _, name := range names {
		clean := path.Clean(filepath.ToSlash(name))
		if _, ok := files[clean]; !ok {
			hint := projectfile.Nearest(clean, all)
			if i := slices.IndexFunc(all, func(f string) bool { return path.Base(f) == path.Base(clean) }); i >= 0 {
				hint = all[i]
			}
			if hint == "" {
				return nil, usage.Errorf("%s %q; files are sources/…, sql/…, checks/… and schedules/…", missing, name)
			}
			return nil, usage.Errorf("%s %q; did you mean %q?", missing, name, hint)
		}
		picked = append(picked, clean)
	}
	slices.Sort(picked)
	return slices.Compact(picked), nil
}

// writeNew writes a file unless it exists. After an error there is no partial file.
func writeNew(root *os.Root, name string, text []byte) (written bool, err error) {
	dir := path.Dir(name)
	if err := root.MkdirAll(dir, 0o755); err != nil {
		_, cause := root.Stat(dir) // some Go versions report "exists" for a link out of the root
		return false, cmp.Or(cause, err)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return false, errors.Join(err, root.Remove(name))
	}
	return true, nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func readOrigin(dir string) (map[string]string, error) {
	file := filepath.Join(dir, originFile)
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the list of written files: %w", err)
	}
	origin := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "  ")
		if !ok || len(sum) != 2*sha256.Size {
			return nil, usage.Errorf("%s is damaged at %q; remove it, but then inbeeld cannot tell which originals changed", file, strings.TrimSpace(line))
		}
		origin[name] = sum
	}
	return origin, nil
}

func writeOrigin(dir string, origin map[string]string) error {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(origin)) {
		fmt.Fprintf(&b, "%s  %s\n", origin[name], name)
	}
	if err := durable.WriteFile(filepath.Join(dir, originFile), b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the project: %w", err)
	}
	return nil
}

// A FileDiff compares a file of a project folder with the embedded file of this version.
type FileDiff struct {
	Path string
	// Embedded: the embedded project has this file too. Same: with the same text.
	Embedded, Same bool
	// Edited: the file changed since Write wrote it. Updated: the embedded file did. Known: Write wrote it.
	Edited, Updated, Known bool
	Diff                   string // unified, from the embedded file to this one
}

// Diff compares the named files of a project folder, or all, with the embedded ones.
func Diff(dir string, names []string) ([]FileDiff, error) {
	files, err := overlay(dir)
	if err != nil {
		return nil, usage.Errorf("project folder %s: %v", dir, err)
	}
	wanted, err := pick(files, names, dir+" has no file")
	if err != nil {
		return nil, err
	}
	embedded, err := embeddedFiles()
	if err != nil {
		return nil, err
	}
	origin, err := readOrigin(dir)
	if err != nil {
		return nil, err
	}
	var diffs []FileDiff
	for _, name := range wanted {
		text, ok := embedded[name]
		d := FileDiff{Path: name, Embedded: ok, Same: ok && bytes.Equal(text, files[name])}
		if sum, known := origin[name]; known {
			d.Known, d.Edited, d.Updated = true, sum != sumOf(files[name]), !ok || sum != sumOf(text)
		}
		if ok && !d.Same {
			d.Diff = string(diff.Diff("embedded/"+name, text, name, files[name]))
		}
		diffs = append(diffs, d)
	}
	return diffs, nil
}

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
