package mart

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"text/template"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/dutch"
)

const (
	statusName     = "status.json"
	statusTextName = "STATUS.txt"
)

// Outcome is how a run ended.
type Outcome string

// The outcomes of a run. Only Published changes current.
const (
	Published   Outcome = "published"
	NothingToDo Outcome = "nothing_to_do" // the inputs equal those of current
	Blocked     Outcome = "blocked"       // checks withheld the publication
	Waiting     Outcome = "waiting"       // published figures would change, and nobody has approved that yet
	Pinned      Outcome = "held"          // current is pinned
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted"
	Exported    Outcome = "exported"
	Computed    Outcome = "computed"
)

// Block says why a publication is withheld.
type Block struct {
	// Approve is the run that a person may approve; "" if checks withhold it.
	Approve string    `json:"approve,omitempty"`
	Since   time.Time `json:"since"`
	Why     []string  `json:"why"` // explanations in Dutch
}

// Refusal is a delivery that was refused.
type Refusal struct {
	Source    string `json:"source"`
	ID        string `json:"id"`
	Peildatum string `json:"peildatum"` // jjjj-mm-dd
	File      string `json:"file"`      // name as delivered
	Why       string `json:"why"`       // in Dutch
}

// Missed is a place, or a file at a place, that a run could not read; the next run tries again.
type Missed struct {
	Source string `json:"source,omitempty"` // empty if several sources come from there
	Place  string `json:"place"`            // a file, a folder or an address
	Why    string `json:"why"`
}

// A Copy is the state of the copy of the published version elsewhere.
type Copy struct {
	Dir     string `json:"dir"`               // folder, or the address of an object store
	Version string `json:"version"`           // in the copy, or "" if unknown
	Failure string `json:"failure,omitempty"` // why the update failed; the next run tries again
	Claimed bool   `json:"claimed"`           // this copy or an earlier one succeeded
}

// A PinStatus is the pin as the status shows it.
type PinStatus struct {
	Version string    `json:"version"`
	Who     string    `json:"who"`
	Reason  string    `json:"reason"`
	Since   time.Time `json:"since"`
}

// Status says what the last run did and how old the marts are. It has no personal data.
type Status struct {
	Outcome  Outcome   `json:"outcome"`
	Run      string    `json:"run"`
	Finished time.Time `json:"finished"` // STATUS.txt shows all times in its time zone
	// Failure says in Dutch why a run failed or was interrupted.
	Failure string `json:"failure,omitempty"`
	// Blocked is set if the run was blocked or waits for approval. WriteStatus keeps Since of an earlier
	// block, and keeps the block through runs that failed or were interrupted.
	Blocked *Block    `json:"blocked,omitempty"`
	Refused []Refusal `json:"refused"`
	Missed  []Missed  `json:"missed,omitempty"`
	Copy    *Copy     `json:"copy,omitempty"` // nil if no copy is configured

	// WriteStatus fills these in: the pin, or nil; the published version and its time, or "" and zero; and
	// the last peildatum in that version by source, jjjj-mm-dd.
	Pinned    *PinStatus        `json:"pinned,omitempty"`
	Version   string            `json:"version"`
	Published time.Time         `json:"published,omitzero"`
	Peildata  map[string]string `json:"peildata"`
}

// ReadStatus reads status.json. It returns nil if no run has written one.
func (s Store) ReadStatus() (*Status, error) {
	st, err := readJSON[Status]("status", filepath.Join(s.Dir, statusName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return st, err
}

// WriteStatus writes status.json and STATUS.txt, each atomically. If current cannot be read, it writes both
// without a version and returns an error.
func (s Store) WriteStatus(st Status) error {
	if err := s.writeStatus(st); err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	return nil
}

func (s Store) writeStatus(st Status) error {
	previous, err := s.ReadStatus()
	var syntax *json.SyntaxError
	var fault *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &syntax) && !errors.As(err, &fault) { // a damaged one is replaced
		return err
	}
	if st.Blocked, err = carryBlock(st, previous); err != nil {
		return err
	}
	version, m, unreadable := s.Current()
	pin, err := s.Pinned()
	unreadable = errors.Join(unreadable, err)
	if st.Pinned = nil; pin != nil {
		st.Pinned = &PinStatus{pin.Version, pin.Who, pin.Reason, pin.At}
	}
	st.Version, st.Published, st.Peildata = version, time.Time{}, map[string]string{}
	if m != nil {
		st.Published, st.Peildata = m.Published, m.Peildata
	}
	if st.Refused == nil {
		st.Refused = []Refusal{} // an empty list in JSON, not null
	}
	text, err := statusText(st)
	if err != nil {
		return err
	}
	data, err := encodeJSON(st.inUTC())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return err
	}
	if err := s.writeForReaders(statusName, data); err != nil {
		return err
	}
	if err := s.writeForReaders(statusTextName, text); err != nil {
		return err
	}
	return unreadable
}

// carryBlock returns the block for st to show.
func carryBlock(st Status, previous *Status) (*Block, error) {
	var before *Block
	if previous != nil {
		before = previous.Blocked
	}
	switch st.Outcome {
	case Published, NothingToDo:
		return nil, nil
	case Pinned: // a run that ends here was not blocked; a rollback keeps the block
		return st.Blocked, nil
	case Failed, Interrupted:
		return before, nil
	case Blocked, Waiting:
		block := Block{Since: st.Finished}
		if st.Blocked != nil {
			block.Why, block.Approve = st.Blocked.Why, st.Blocked.Approve
		}
		if before != nil && (before.Approve == "") == (block.Approve == "") {
			block.Since = before.Since
		}
		return &block, nil
	default:
		return nil, fmt.Errorf("%q is not an outcome", st.Outcome)
	}
}

func (st Status) inUTC() Status {
	st.Finished = st.Finished.UTC().Truncate(time.Second)
	st.Published = st.Published.UTC()
	if st.Blocked != nil {
		block := *st.Blocked
		block.Since = block.Since.UTC().Truncate(time.Second)
		st.Blocked = &block
	}
	return st
}

// writeForReaders writes a file and gives it the group of the directory, so that readers of versions can
// read it. If the owner is not a member of that group, the file keeps its own.
func (s Store) writeForReaders(name string, data []byte) error {
	path := filepath.Join(s.Dir, name)
	if err := durable.WriteFile(path, data, 0o640); err != nil {
		return err
	}
	info, err := os.Stat(s.Dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := os.Lchown(path, -1, int(owner.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

//go:embed status.txt.tmpl
var statusTemplate string

// statusText writes the status in Dutch, with times in the zone in which the run finished.
func statusText(st Status) ([]byte, error) {
	zone := st.Finished.Location()
	t, err := template.New(statusTextName).Funcs(template.FuncMap{
		"moment": func(t time.Time) string { return dutch.Moment(t.In(zone)) },
		"datum":  dutch.Date,
	}).Parse(statusTemplate)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = t.Execute(&buf, st)
	return buf.Bytes(), err
}
