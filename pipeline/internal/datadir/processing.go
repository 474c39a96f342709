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

// A Processing is one time that data of persons were processed: who did what, for which purpose, and
// how many it touched. It holds no name, number or pseudonym of a person in the data.
type Processing struct {
	At time.Time `json:"at"`
	// User is the user of the system; Who is the person that it acted for, when that was said.
	User    string           `json:"user"`
	Who     string           `json:"who,omitempty"`
	What    string           `json:"what"`
	Purpose string           `json:"purpose"`
	Counts  map[string]int64 `json:"counts,omitempty"`
}

// Purposes of what nobody gives a reason for.
const (
	PurposeRun  = "leveringen laden, tellen, beoordelen en publiceren"
	PurposeLook = "de kwaliteit van leveringen en cijfers nagaan"
	purposeKey  = "de sleutel van de pseudoniemen beheren"
)

const ProcessingDir = "processing"

// recordProcessing adds a line to the processing log, and returns when it is on disk. A line is written
// as one, so that commands may add to it while a run is going on. A purpose that may hold a BSN is refused.
func Record(o Dir, what, purpose string, counts map[string]int64) error {
	if err := CheckPurpose(purpose, o.Who); err != nil {
		return err
	}
	p := Processing{At: o.Now().UTC().Truncate(time.Second), User: cmp.Or(o.User, "uid "+strconv.Itoa(os.Getuid())), Who: o.Who, What: what, Purpose: purpose, Counts: counts}
	line, err := json.Marshal(p)
	if err == nil {
		err = appendLine(filepath.Join(o.Path, ProcessingDir), p.At.Format("2006")+".jsonl", line)
	}
	if err != nil {
		return fmt.Errorf("write the processing log: %w", err)
	}
	return nil
}

// CheckPurpose refuses words for the processing log that are missing, or that nobody may keep.
func CheckPurpose(purpose string, more ...string) error {
	if strings.TrimSpace(purpose) == "" {
		return usage.Errorf("say why with --reason; it goes into the processing log")
	}
	if slices.ContainsFunc(append(more, purpose), pseudonym.ContainsBSN) {
		return usage.Errorf("the reason, or the name behind --who, holds a number that may be a BSN; leave it out")
	}
	return nil
}

// appendLine adds a line to a file in dir, which is made when it is not there. A line before it that a
// power cut broke off stays apart.
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

// Processings reads the processing log, the oldest first, and names lines that cannot be read.
func Processed(o Dir) (log []Processing, damaged []string, err error) {
	if err := Check(o.Path); err != nil {
		return nil, nil, err
	}
	log = []Processing{}
	dir := filepath.Join(o.Path, ProcessingDir)
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

// CheckDecider refuses a decision without who and why.
func CheckDecider(who, reason string) error {
	for _, missing := range []struct{ Text, Message string }{
		{reason, "say why with --reason; it goes into the processing log"},
		{who, "say who decides with --who"},
	} {
		if missing.Text == "" {
			return usage.Errorf("%s", missing.Message)
		}
	}
	return CheckPurpose(reason, who)
}
