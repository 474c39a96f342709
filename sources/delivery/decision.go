package delivery

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/sources/contract"
)

const decisionsDir = "decisions"

// A DecisionKind is the kind of a decision.
type DecisionKind string

// The kinds about a delivery or publication. Files of other kinds are read too, since they share the
// sequence.
const (
	// Withdraw takes a delivery out of force, until it is received again.
	Withdraw DecisionKind = "withdraw"
	// Accept accepts a delivery in spite of limits that would refuse it, but not without its header or a
	// required column.
	Accept DecisionKind = "accept"
	// Approve approves the held publication of a run. It does not change which deliveries are in force.
	Approve DecisionKind = "approve"
	// Expire ends a delivery after its retention term and removes its files, until it is received again.
	// Retention takes this decision, not a person.
	Expire DecisionKind = "expire"
)

// The kinds about an alert. They do not change which deliveries are in force.
const (
	Acknowledge DecisionKind = "acknowledge"
	Snooze      DecisionKind = "snooze"
	Resolve     DecisionKind = "resolve"
)

// A Subject identifies the alert that a decision is about.
type Subject struct {
	Check string `json:"check"`
	Group string `json:"groep,omitempty"` // "" for all groups of the check
	// Until is the first day after a snooze, as 2020-12-31.
	Until string `json:"tot,omitempty"`
	// Peildatum and Ernst are those of the resolved verdict.
	Peildatum string `json:"peildatum,omitempty"`
	Ernst     string `json:"ernst,omitempty"`
}

// Held identifies the publication, held for approval, that a decision is about.
type Held struct {
	Run    string `json:"run"`
	Digest string `json:"digest"` // a hash of what is held
}

// A Decision is a person's decision about a delivery, an alert or a held publication. It never changes.
type Decision struct {
	// Sequence is shared with receipts: see [Receipt].
	Sequence int64        `json:"sequence"`
	Kind     DecisionKind `json:"kind"`
	Source   string       `json:"source,omitempty"`
	// Delivery is the ID of a delivery of the source.
	Delivery string    `json:"delivery,omitempty"`
	Alert    *Subject  `json:"alert,omitempty"`
	Held     *Held     `json:"held,omitempty"` // only in an approval
	Who      string    `json:"who"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"` // UTC
}

var (
	decisionFiles = regexp.MustCompile(`^(\d{8,})-([a-z_]+)-(.+)\.json$`)
	decisionKinds = regexp.MustCompile(`^[a-z_]+$`)
)

func (d Decision) fileName() string {
	about := d.Delivery
	switch {
	case d.Alert != nil:
		about = d.Alert.Check
	case d.Held != nil:
		about = d.Held.Run
	}
	return fmt.Sprintf("%08d-%s-%s.json", d.Sequence, d.Kind, about)
}

// ReadDecisions returns all decisions in order of sequence. A damaged file is an error.
func ReadDecisions(dataDir string) ([]Decision, error) {
	dir := filepath.Join(dataDir, decisionsDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	bySequence := map[int64]Decision{}
	var decisions []Decision
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		file := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read decision: %w", err)
		}
		var d Decision
		if err := json.Unmarshal(data, &d); err != nil {
			return nil, fmt.Errorf("read decision %s: %w; restore the file from a backup", file, err)
		}
		if d.Sequence < 1 || !decisionFiles.MatchString(e.Name()) || d.fileName() != e.Name() {
			return nil, fmt.Errorf("read decision %s: its content belongs to %s; restore the file from a backup", file, d.fileName())
		}
		if other, twice := bySequence[d.Sequence]; twice {
			return nil, fmt.Errorf("read decision %s: %s has the same sequence; restore the files from a backup", file, other.fileName())
		}
		bySequence[d.Sequence] = d
		decisions = append(decisions, d)
	}
	slices.SortFunc(decisions, func(a, b Decision) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return decisions, nil
}

// WriteDecision adds a decision. The caller must have the run lock and the sequence from [NextSequence]. If
// a decision has that sequence already, the error is [fs.ErrExist].
func WriteDecision(dataDir string, d Decision) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	d.At = d.At.UTC()
	data, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	dir := filepath.Join(dataDir, decisionsDir)
	if err := MakeFolder(dir); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	for _, e := range entries {
		m := decisionFiles.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && n == d.Sequence {
			return fmt.Errorf("write decision %s: %s: %w", d.fileName(), e.Name(), fs.ErrExist)
		}
	}
	// A link makes the complete file visible at once, and never replaces another.
	temporary := filepath.Join(dir, ".new-"+d.fileName())
	if err := durable.WriteFile(temporary, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	err = os.Link(temporary, filepath.Join(dir, d.fileName()))
	if err := errors.Join(err, os.Remove(temporary), durable.SyncDir(dir)); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	return nil
}

func (d Decision) check() error {
	switch {
	case d.Sequence < 1:
		return fmt.Errorf("sequence %d is below 1", d.Sequence)
	case !decisionKinds.MatchString(string(d.Kind)):
		return fmt.Errorf("%q is not a kind of decision", d.Kind)
	case strings.TrimSpace(d.Who) == "" || strings.TrimSpace(d.Reason) == "":
		return errors.New("say who decides and why")
	case d.Alert != nil:
		return d.Alert.check(d)
	case d.Held != nil || d.Kind == Approve:
		return d.Held.check(d)
	case !contract.Identifier.MatchString(d.Source):
		return fmt.Errorf("%q is not a source", d.Source)
	case !deliveryIDs.MatchString(d.Delivery):
		return fmt.Errorf("%q is not the ID of a delivery", d.Delivery)
	}
	return nil
}

func (h *Held) check(of Decision) error {
	switch {
	case of.Kind != Approve || h == nil:
		return errors.New("an approval, and only an approval, is about a held publication")
	case of.Source != "" || of.Delivery != "":
		return errors.New("a decision is about one delivery, alert or publication")
	case !runIDs.MatchString(h.Run):
		return fmt.Errorf("%q is not a run", h.Run)
	case h.Digest == "":
		return errors.New("say what is approved")
	}
	return nil
}

// runIDs matches the IDs of runs.
var runIDs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$`)

var checkIDs = regexp.MustCompile(`^[a-z0-9_.]{1,200}$`)

func (s Subject) check(of Decision) error {
	switch {
	case of.Source != "" || of.Delivery != "" || of.Held != nil:
		return errors.New("a decision is about one delivery, alert or publication")
	case of.Kind != Acknowledge && of.Kind != Snooze && of.Kind != Resolve:
		return fmt.Errorf("%q is not a decision about an alert", of.Kind)
	case !checkIDs.MatchString(s.Check):
		return fmt.Errorf("%q is not a check", s.Check)
	case (s.Until != "") != (of.Kind == Snooze):
		return errors.New("a snooze, and only a snooze, has an end")
	}
	if _, err := time.Parse(time.DateOnly, s.Until); s.Until != "" && err != nil {
		return fmt.Errorf("%q is not a day", s.Until)
	}
	return nil
}

// NextSequence returns the sequence of the next receipt or decision. It is only valid under the run lock.
func NextSequence(deliveries []Delivery, decisions []Decision) int64 {
	var last int64
	for _, d := range deliveries {
		last = max(last, d.Newest().Sequence)
	}
	for _, d := range decisions {
		last = max(last, d.Sequence)
	}
	return last + 1
}
