package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/sources/contract"
)

const decisionsDir = "decisions"

// A DecisionKind is what was decided.
type DecisionKind string

// The kinds that sources knows. Files of other kinds are read too: they share the sequence.
const (
	// Withdraw takes a delivery out of force, until it is received again.
	Withdraw DecisionKind = "withdraw"
	// Accept says that a delivery is as it should be: it is accepted in spite of limits that would
	// refuse it. What is missing from it, a header or a required column, stays a refusal.
	Accept DecisionKind = "accept"
	// Approve lets the publication of a run that was held go through. It changes nothing in what is in
	// force.
	Approve DecisionKind = "approve"
	// Expire says that a delivery is let go because it was kept as long as was agreed: it counts no
	// more, and its files go, until it is received again. Retention decides it, not a person.
	Expire DecisionKind = "expire"
)

// The kinds that are about an alert in place of a delivery. They change nothing in what is in force.
const (
	Acknowledge DecisionKind = "acknowledge"
	Snooze      DecisionKind = "snooze"
	Resolve     DecisionKind = "resolve"
)

// A Subject is the alert that a decision is about.
type Subject struct {
	Check string `json:"check"`
	Group string `json:"groep,omitempty"` // "" for all groups of the check
	// Until ends a snooze: the first day, jjjj-mm-dd, on which it is over.
	Until string `json:"tot,omitempty"`
	// Peildatum and Ernst are those of the verdict that is resolved.
	Peildatum string `json:"peildatum,omitempty"`
	Ernst     string `json:"ernst,omitempty"`
}

// Held is the publication that an approval is about.
type Held struct {
	Run string `json:"run"`
	// Digest is over exactly what was held.
	Digest string `json:"digest"`
}

// A Decision is what a person said about a delivery, an alert, or a publication that was held. It is written once and never changed.
type Decision struct {
	// Sequence counts together with receipts, see Receipt.
	Sequence int64        `json:"sequence"`
	Kind     DecisionKind `json:"kind"`
	Source   string       `json:"source,omitempty"`
	// Delivery is the id of a delivery of the source.
	Delivery string `json:"delivery,omitempty"`
	// Alert is what a decision that is not about a delivery is about.
	Alert *Subject `json:"alert,omitempty"`
	// Held is set in an approval, and only there.
	Held   *Held  `json:"held,omitempty"`
	Who    string `json:"who"`
	Reason string `json:"reason"`
	// At is UTC.
	At time.Time `json:"at"`
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

// ReadDecisions reads all decisions, in order. A damaged file is an error that names it.
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
			return nil, fmt.Errorf("read decision %s: its content belongs in %s; restore the file from a backup", file, d.fileName())
		}
		if other, twice := bySequence[d.Sequence]; twice {
			return nil, fmt.Errorf("read decision %s: %s has the same sequence; restore the files from a backup", file, other.fileName())
		}
		bySequence[d.Sequence] = d
		decisions = append(decisions, d)
	}
	sortBySequence(decisions)
	return decisions, nil
}

// WriteDecision adds a decision. The caller holds the run lock and took the sequence from
// NextSequence. A decision with that sequence that is already there is an error, fs.ErrExist.
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
	// Written aside and linked, so that the file is whole or absent, and never replaces another.
	aside := filepath.Join(dir, ".new-"+d.fileName())
	if err := durable.WriteFile(aside, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	err = os.Link(aside, filepath.Join(dir, d.fileName()))
	if err := errors.Join(err, os.Remove(aside), durable.SyncDir(dir)); err != nil {
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
		return fmt.Errorf("%q is not the id of a delivery", d.Delivery)
	}
	return nil
}

func (h *Held) check(of Decision) error {
	switch {
	case of.Kind != Approve || h == nil:
		return errors.New("an approval, and only an approval, is about a publication that was held")
	case of.Source != "" || of.Delivery != "":
		return errors.New("a decision is about a delivery, about an alert or about a publication, not both")
	case !runIDs.MatchString(h.Run):
		return fmt.Errorf("%q is not a run", h.Run)
	case h.Digest == "":
		return errors.New("say what is approved")
	}
	return nil
}

// runIDs are names of runs, also those of windows.
var runIDs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$`)

var checkIDs = regexp.MustCompile(`^[a-z0-9_.]{1,200}$`)

func (s Subject) check(of Decision) error {
	switch {
	case of.Source != "" || of.Delivery != "" || of.Held != nil:
		return errors.New("a decision is about a delivery, about an alert or about a publication, not both")
	case of.Kind != Acknowledge && of.Kind != Snooze && of.Kind != Resolve:
		return fmt.Errorf("%q is not decided about an alert", of.Kind)
	case !checkIDs.MatchString(s.Check):
		return fmt.Errorf("%q is not a check", s.Check)
	case (s.Until != "") != (of.Kind == Snooze):
		return errors.New("a snooze, and only a snooze, has a day on which it ends")
	}
	if _, err := time.Parse(time.DateOnly, s.Until); s.Until != "" && err != nil {
		return fmt.Errorf("%q is not a day", s.Until)
	}
	return nil
}

// NextSequence is the number for the next receipt or decision. It holds under the run lock only.
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
