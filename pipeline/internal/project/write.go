package project

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
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

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// originFile remembers, in a project folder, the sha256 of the embedded files that were written out
// there: a line "<sha256>  <path>" for each, by path.
const originFile = ".inbeeld-origin"

// A WrittenProject are the files that WriteProject was to write, by path.
type Written struct {
	Written  []string
	Existing []string // were there already, and are as they were
}

// WriteProject writes files of the embedded project into dir, to be edited there: the named ones, or
// all. A file that exists is never overwritten. A name that the embedded project does not have is a
// UsageError with the nearest one, and then nothing is written.
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
	root, err := os.OpenRoot(dir) // so that no link in it leads elsewhere
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

// embeddedFiles are those of the embedded project by path.
func embeddedFiles() (map[string][]byte, error) {
	p, faults, err := Load("")
	if err := errors.Join(err, faults.Err()); err != nil {
		return nil, fmt.Errorf("read the embedded project: %w", err)
	}
	return p.Files, nil
}

// pick gives the paths that are asked for, all when none is.
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

// writeNew writes a file unless it exists. An error leaves no partial file.
func writeNew(root *os.Root, name string, text []byte) (written bool, err error) {
	dir := path.Dir(name)
	if err := root.MkdirAll(dir, 0o755); err != nil {
		_, cause := root.Stat(dir) // some versions of Go say that a link out of the root exists
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
		return nil, fmt.Errorf("read what was written out before: %w", err)
	}
	origin := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "  ")
		if !ok || len(sum) != 2*sha256.Size {
			return nil, usage.Errorf("%s is damaged at %q; remove it, and inbeeld no longer tells which originals changed", file, strings.TrimSpace(line))
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

// A ProjectDiff says how a file of a project folder stands to the embedded one of this version.
type FileDiff struct {
	Path string
	// Embedded says that the embedded project has this file too, and Same that it is the same.
	Embedded, Same bool
	// Edited and Updated say that the file, and the embedded one, changed since it was written out;
	// neither is known of files that were not.
	Edited, Updated, Known bool
	Diff                   string // from the embedded file to the one here, unified
}

// DiffProject compares the files of a project folder, or the named ones, with the embedded ones.
func Diff(dir string, names []string) ([]FileDiff, error) {
	here, err := overlay(dir)
	if err != nil {
		return nil, usage.Errorf("project folder %s: %v", dir, err)
	}
	wanted, err := pick(here, names, dir+" has no file")
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
		d := FileDiff{Path: name, Embedded: ok, Same: ok && bytes.Equal(text, here[name])}
		if sum, known := origin[name]; known {
			d.Known, d.Edited, d.Updated = true, sum != sumOf(here[name]), !ok || sum != sumOf(text)
		}
		if ok && !d.Same {
			d.Diff = string(diff.Diff("embedded/"+name, text, name, here[name]))
		}
		diffs = append(diffs, d)
	}
	return diffs, nil
}
