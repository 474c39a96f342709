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

// Kinds of rewrites of the data directory.
const (
	Rotation = "rotation"
	Erasure  = "erasure"
)

// RewriteCommand returns the command that starts a kind of rewrite.
func RewriteCommand(kind string) string {
	if kind == Rotation {
		return "key rotate"
	}
	return "persoon wis"
}

// RewritePath returns the path of the journal of a rewrite.
func RewritePath(data string) string { return filepath.Join(data, "secrets", "rewrite.json") }

// CheckNoRewrite returns an error if a rewrite has changed some pseudonyms but not all.
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
		return fmt.Errorf("read the rewrite journal %s: %w; restore the data directory from a backup", RewritePath(data), err)
	}
	if !w.Switched {
		return nil
	}
	return usage.Errorf("a %s in %s is in progress or was interrupted; if no other inbeeld is running there, finish it with: inbeeld run", RewriteCommand(w.Kind), data)
}
