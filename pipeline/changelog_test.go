package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"inbeeld/pipeline/internal/fingerprint"
)

// fragmentTitle is the first line of a fragment of the changelog.
var fragmentTitle = regexp.MustCompile(`^(Figures|Feature|Fix|Security): \p{Lu}.*[^.\n]\n\n`)

// TestChangelog: the newest version in CHANGELOG.md is that of the code, every fragment in changelog/unreleased
// has a title, and one of these texts has the numbers of engine and loader. So none of the three goes up without
// somebody reading which figures that moves.
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
	fragments, err := filepath.Glob("changelog/unreleased/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range fragments {
		fragment, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !fragmentTitle.Match(fragment) || filepath.Ext(path) != ".md" {
			t.Errorf("pipeline/%s is no fragment; pipeline/changelog/README.md says how to write one", path)
		}
		newest += "\n" + string(fragment)
	}
	if want := fmt.Sprintf("\n\nEngine %s, loader %d.\n", fingerprint.EngineVersion, fingerprint.LoaderVersion); !strings.Contains(newest, want) {
		t.Errorf("neither version %s in CHANGELOG.md nor a fragment in pipeline/changelog/unreleased says %q: say which figures moved, and then write the new numbers", fingerprint.Version, strings.TrimSpace(want))
	}
}
