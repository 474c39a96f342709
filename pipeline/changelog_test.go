package pipeline

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/fingerprint"
)

// TestChangelog: the newest version in CHANGELOG.md is that of the code, with the numbers of its engine
// and loader, so that none of the three goes up without somebody reading which figures that moves.
func TestChangelog(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, newest, found := strings.Cut(string(text), "\n## ")
	newest, _, _ = strings.Cut(newest, "\n## ")
	if title, _, _ := strings.Cut(newest, "\n"); !found || title != fingerprint.Version && !strings.HasPrefix(title, fingerprint.Version+",") {
		t.Errorf("the newest version of CHANGELOG.md is %q, that of the code %s", title, fingerprint.Version)
	}
	if want := fmt.Sprintf("\n\nEngine %s, loader %d.\n", fingerprint.Engine, fingerprint.Loader); !strings.Contains(newest, want) {
		t.Errorf("version %s in CHANGELOG.md does not say %q: say which figures moved, and then write the new numbers", fingerprint.Version, strings.TrimSpace(want))
	}
}
