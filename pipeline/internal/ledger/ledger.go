package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/notify"
)

// A Run records what one run did. It holds no personal data.
type Run struct {
	ID       string     `json:"run"`
	Program  string     `json:"program"`
	Started  time.Time  `json:"started"`
	Finished *time.Time `json:"finished,omitempty"`
	// Outcome is empty while the run is in progress, and after it was killed.
	Outcome  string         `json:"outcome,omitempty"`
	Failure  string         `json:"failure,omitempty"`
	Version  string         `json:"version,omitempty"` // that it published
	Stages   []Stage        `json:"stages"`
	Loaded   []Loaded       `json:"deliveries,omitempty"`
	Notes    []string       `json:"notes,omitempty"` // files not recognised, growing, repeated
	Checks   map[string]int `json:"checks,omitempty"`
	Findings []Finding      `json:"findings,omitempty"`
	// Situation is what messages are composed of; nil if the run did not judge.
	Situation *notify.Situation `json:"situation,omitempty"`
	// Changes compare the marts with the published ones. Hold is set if a person must approve them.
	Changes []Change `json:"changes,omitempty"`
	Hold    *Hold    `json:"hold,omitempty"`
	// Room is the disk space used, or nil if the run did not begin.
	DiskUse *DiskUse `json:"room,omitempty"`
	// Repeated lists files with the same bytes as an existing delivery.
	Repeated []Repeated `json:"repeated,omitempty"`

	// Of a window: its schedule, when it was due, and why it was skipped. Again means that another attempt
	// follows.
	Schedule string     `json:"schedule,omitempty"`
	Window   *time.Time `json:"window,omitempty"`
	Skipped  string     `json:"skipped,omitempty"`
	Again    bool       `json:"again,omitempty"`
	Attempts []Attempt  `json:"attempts,omitempty"`
}

// An Attempt is a run of a window that failed, was killed or was interrupted.
type Attempt struct {
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Outcome  string    `json:"outcome"`
	Failure  string    `json:"failure"`
}

// Repeated is a file that held nothing new.
type Repeated struct {
	Source   string `json:"source"`
	Delivery string `json:"delivery"`
	File     string `json:"file"`
}

// A Stage is one part of a run.
type Stage struct {
	Name    string           `json:"stage"`
	Started time.Time        `json:"started"`
	Seconds float64          `json:"seconds"`
	Counts  map[string]int64 `json:"counts,omitempty"`
}

// Loaded is a delivery that this run loaded.
type Loaded struct {
	Source        string   `json:"source"`
	Delivery      string   `json:"delivery"`
	File          string   `json:"file"`
	Peildatum     string   `json:"peildatum"`
	Status        string   `json:"status"`
	Reasons       []string `json:"reasons,omitempty"`
	Records       int64    `json:"records"`
	Geladen       int64    `json:"geladen"`
	InQuarantaine int64    `json:"in_quarantaine"`
	NietData      int64    `json:"niet_data"`
}

// A Finding is a verdict on the last peildatum of a check that is not ok, or that is ok again (state
// opgelost), or a verdict on the age of data. Its texts are what readers may see: no number in them
// gives away a count of persons below five. A finding without a title was recorded before that rule.
type Finding struct {
	Check     string `json:"check"`
	Group     string `json:"groep"`
	Ernst     string `json:"ernst"`
	Peildatum string `json:"peildatum"`
	Since     string `json:"sinds"`
	Title     string `json:"kop,omitempty"`
	Text      string `json:"uitleg"`
	Action    string `json:"actie,omitempty"` // what to do about it
	// Value, Limit, Teller and Noemer are in Dutch notation; "" when the verdict has none.
	Value  string `json:"waarde,omitempty"`
	Limit  string `json:"grens,omitempty"`
	Teller string `json:"teller,omitempty"`
	Noemer string `json:"noemer,omitempty"`
	State  string `json:"toestand,omitempty"` // nieuw, open, erger, beter, opgelost; none of geen_oordeel and of time
	Query  string `json:"query,omitempty"`    // the SELECT that shows the rows
}

// A Ledger is the directory with the runs of a data directory.
type Ledger struct{ Dir string }

// Write writes the file of a run atomically.
func (l Ledger) Write(r *Run) error {
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("write the ledger of run %s: %w", r.ID, err)
	}
	return durable.WriteJSON(filepath.Join(l.Dir, r.ID+".json"), r)
}

// runName matches the name of a run: see [Ledger.NewID] and [WindowID].
var runName = regexp.MustCompile(`^\d{8}T\d{6}Z(-[a-z0-9_]{1,200})?$`)

// Read reads the file of a run. A run that does not exist is fs.ErrNotExist.
func (l Ledger) Read(id string) (*Run, error) {
	if !runName.MatchString(id) {
		return nil, fmt.Errorf("read run %q: %w", id, fs.ErrNotExist)
	}
	text, err := os.ReadFile(filepath.Join(l.Dir, id+".json"))
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, err)
	}
	var r Run
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read run %s: the file is damaged: %w", id, err)
	}
	return &r, nil
}

// IDs returns the names of the runs, oldest first.
func (l Ledger) IDs() ([]string, error) {
	files, err := l.files()
	return slices.Sorted(maps.Keys(files)), err
}

// files returns the files of the runs by name. No directory is no runs.
func (l Ledger) files() (map[string]fs.DirEntry, error) {
	entries, err := os.ReadDir(l.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	files := map[string]fs.DirEntry{}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".json"); ok && !e.IsDir() && !strings.HasPrefix(id, ".") {
			files[id] = e
		}
	}
	return files, nil
}

// NewID returns a name for a run that starts at a time: the second in UTC, followed by a number if that
// name is taken.
func (l Ledger) NewID(started time.Time, taken ...string) (string, error) {
	ids, err := l.IDs()
	if err != nil {
		return "", err
	}
	taken = append(taken, ids...)
	base := started.UTC().Format("20060102T150405Z")
	id := base
	for n := 2; slices.Contains(taken, id); n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	return id, nil
}
