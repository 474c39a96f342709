package datadir

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
)

// A Processing is a line of the processing log: who processed personal data, how, for which purpose, and how
// many records. It contains no name, number or pseudonym of a person in the data.
type Processing struct {
	At time.Time `json:"at"`
	// User is the system user; Who is the person it acted for, if given.
	User    string           `json:"user"`
	Who     string           `json:"who,omitempty"`
	What    string           `json:"what"`
	Purpose string           `json:"purpose"`
	Counts  map[string]int64 `json:"counts,omitempty"`
}

// Purposes of processing for which nobody gives a reason.
const (
	PurposeRun  = "leveringen laden, tellen, beoordelen en publiceren"
	PurposeLook = "de kwaliteit van leveringen en cijfers nagaan"
	purposeKey  = "de sleutel van de pseudoniemen beheren"
)

// ProcessingDir is the folder of the processing log in the data directory.
const ProcessingDir = "processing"

// Record appends a line to the processing log and syncs it to disk. It writes the line at once, so commands
// may do so during a run. It refuses a purpose that may contain a BSN.
func Record(d Dir, what, purpose string, counts map[string]int64) error {
	if err := CheckPurpose(purpose, d.Who); err != nil {
		return err
	}
	p := Processing{
		At: d.Now().UTC().Truncate(time.Second), User: cmp.Or(d.User, "uid "+strconv.Itoa(os.Getuid())),
		Who: d.Who, What: what, Purpose: purpose, Counts: counts,
	}
	line, err := json.Marshal(p)
	if err == nil {
		err = appendLine(filepath.Join(d.Path, ProcessingDir), p.At.Format("2006")+".jsonl", line)
	}
	if err != nil {
		return fmt.Errorf("write the processing log: %w", err)
	}
	return nil
}

// CheckPurpose returns an error if the purpose is empty, or if a text for the processing log may contain a BSN.
func CheckPurpose(purpose string, more ...string) error {
	if strings.TrimSpace(purpose) == "" {
		return usage.Errorf("say why with --reason; it goes into the processing log")
	}
	if slices.ContainsFunc(append(more, purpose), pseudonym.ContainsBSN) {
		return usage.Errorf("--reason or --who contains a number that may be a BSN; leave it out")
	}
	return nil
}

// appendLine appends a line to a file in dir, and creates both if needed. If a power cut truncated the last
// line, it starts a new one.
func appendLine(dir, name string, line []byte) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if size > 0 {
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return errors.Join(f.Sync(), durable.SyncDir(dir))
}

// ReadProcessing returns the processing log, oldest first, and the places of lines that cannot be read.
func ReadProcessing(d Dir) (log []Processing, damaged []string, err error) {
	if err := Check(d.Path); err != nil {
		return nil, nil, err
	}
	log = []Processing{}
	dir := filepath.Join(d.Path, ProcessingDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read the processing log: %w", err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".jsonl" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, nil, fmt.Errorf("read the processing log: %w", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, len(text)+1)
		for n := 1; lines.Scan(); n++ {
			var p Processing
			switch err := json.Unmarshal(lines.Bytes(), &p); {
			case len(lines.Bytes()) == 0:
			case err != nil || p.At.IsZero():
				damaged = append(damaged, fmt.Sprintf("%s:%d", e.Name(), n))
			default:
				log = append(log, p)
			}
		}
	}
	slices.SortStableFunc(log, func(a, b Processing) int { return a.At.Compare(b.At) })
	return log, damaged, nil
}

// CheckDecision returns an error for a decision without --reason or --who.
func CheckDecision(who, reason string) error {
	if err := CheckPurpose(reason, who); err != nil || who != "" {
		return err
	}
	return usage.Errorf("say who decides with --who")
}
