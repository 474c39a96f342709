package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) { testChannel(t, openFolder) }

func openFolder(t *testing.T, fault string) (Channel, func() []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "meldingen")
	switch fault {
	case "":
	case "dead":
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		return nil, nil
	}
	return folder{dir}, func() []string {
		files, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range files {
			ids = append(ids, strings.TrimSuffix(filepath.Base(f), ".json"))
		}
		return ids
	}
}
