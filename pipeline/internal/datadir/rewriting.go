package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/usage"
)

// Kinds of rewrites.
const (
	Rotation = "rotation"
	Erasure  = "erasure"
)

// RewriteCommand returns the command that makes a rewrite of a kind.
func RewriteCommand(kind string) string {
	if kind == Rotation {
		return "key rotate"
	}
	return "persoon wis"
}

// RewritePath is the journal of a rewrite of the data directory.
func RewritePath(data string) string { return filepath.Join(data, "secrets", "rewrite.json") }

// CheckNoRewrite refuses to look at a data directory in which half of the persons have another id.
func CheckNoRewrite(data string) error {
	text, err := os.ReadFile(RewritePath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var w struct {
		Kind     string `json:"kind"`
		Switched bool   `json:"switched"`
	}
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil {
		return fmt.Errorf("read what is being rewritten: %s: %w; restore the data directory from a backup", RewritePath(data), err)
	}
	if !w.Switched {
		return nil
	}
	return usage.Errorf("a %s is going on in %s, or was cut short; when no other inbeeld is at work there, finish it with: inbeeld run", RewriteCommand(w.Kind), data)
}
