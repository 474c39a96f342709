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
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"inbeeld/pipeline/durable"
)

// The folder of deliveries in the data directory, and the file that describes a delivery in its folder.
const (
	LandingDir   = "landing"
	DeliveryFile = "delivery.json"
)

// A Delivery is one extract as received. Source and ID together identify it.
type Delivery struct {
	Source string `json:"source"`
	// ID is the peildatum with the first 12 hex digits of SHA256: 2020-12-31-0123456789ab.
	ID        string `json:"id"`
	Peildatum string `json:"peildatum"`
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"` // bytes
	// Profile is the result of the profiler of the pull.
	Profile json.RawMessage `json:"profile,omitempty"`
	// Pakbon comes with the last receipt that had one.
	Pakbon *Pakbon `json:"pakbon,omitempty"`
	// Receipts has at least one receipt, in order of sequence.
	Receipts []Receipt `json:"receipts"`
	// Seen has the files with these bytes at a remote place that made no receipt, the last of each name.
	// They only serve not to fetch a file twice.
	Seen []Seen `json:"seen,omitempty"`
}

// Seen is a file as listed.
type Seen struct {
	File     string    `json:"file"`
	Modified time.Time `json:"modified"`
	Version  string    `json:"version,omitempty"`
}

// A Receipt is one arrival of a delivery.
type Receipt struct {
	// Sequence numbers the receipts and decisions of a data directory together, from 1, so that their
	// order does not depend on a clock.
	Sequence int64  `json:"sequence"`
	File     string `json:"file"` // its name on arrival
	// Modified is the modification time of that file; Landed is when it was pulled. Both are UTC.
	Modified time.Time `json:"modified"`
	Landed   time.Time `json:"landed"`
	// Version is the version that the place gave the file, such as an ETag, or "".
	Version string `json:"version,omitempty"`
}

// Newest returns the last receipt.
func (d Delivery) Newest() Receipt { return d.Receipts[len(d.Receipts)-1] }

// Dir returns the folder of the delivery.
func (d Delivery) Dir(dataDir string) string {
	return filepath.Join(dataDir, LandingDir, d.Source, d.ID)
}

// Original returns the path of the extract as received. Retention removes the file.
func (d Delivery) Original(dataDir string) string {
	return filepath.Join(d.Dir(dataDir), CleanName(d.Receipts[0].File))
}

// NewID returns the ID of the delivery of a peildatum with this hash, which is 64 hex digits.
func NewID(peildatum, sha256 string) string { return peildatum + "-" + sha256[:12] }

// CleanName returns a file name that is safe on every file system, not hidden, and not delivery.json.
func CleanName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-+() ", r) {
			return '_'
		}
		return r
	}, name)
	for len(clean) > 200 {
		_, size := utf8.DecodeRuneInString(clean)
		clean = clean[size:]
	}
	if clean == "" || clean[0] == '.' || strings.EqualFold(clean, DeliveryFile) {
		clean = "_" + clean
	}
	return clean
}

var deliveryIDs = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}-[0-9a-f]{12}$`)

// ReadDeliveries returns the deliveries of all sources, in order of source and ID. It skips what a crashed
// pull did not finish. A damaged delivery.json is an error.
func ReadDeliveries(dataDir string) ([]Delivery, error) {
	landing := filepath.Join(dataDir, LandingDir)
	sources, err := folders(landing)
	if err != nil {
		return nil, fmt.Errorf("read landing: %w", err)
	}
	var names []Key
	for _, source := range sources {
		ids, err := folders(filepath.Join(landing, source))
		if err != nil {
			return nil, fmt.Errorf("read landing: %w", err)
		}
		for _, id := range ids {
			names = append(names, Key{source, id})
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	deliveries, faults := make([]Delivery, len(names)), make([]error, len(names))
	var readers sync.WaitGroup
	for first := range maxReaders {
		readers.Go(func() {
			for i := first; i < len(names); i += maxReaders {
				deliveries[i], faults[i] = ReadDelivery(dataDir, names[i].Source, names[i].Of)
			}
		})
	}
	readers.Wait()
	bySequence := map[int64]int{}
	for i, d := range deliveries {
		if faults[i] != nil {
			return nil, faults[i]
		}
		for _, r := range d.Receipts {
			if other, twice := bySequence[r.Sequence]; twice {
				return nil, fmt.Errorf("read delivery %s: sequence %d is also in %s; restore the file from a backup",
					filepath.Join(d.Dir(dataDir), DeliveryFile), r.Sequence, filepath.Join(deliveries[other].Dir(dataDir), DeliveryFile))
			}
			bySequence[r.Sequence] = i
		}
	}
	return deliveries, nil
}

// maxReaders is the maximum number of files that are read in parallel.
const maxReaders = 4

// ReadDelivery reads one delivery.
func ReadDelivery(dataDir, source, id string) (Delivery, error) {
	file := filepath.Join(dataDir, LandingDir, source, id, DeliveryFile)
	d, err := readDelivery(file, source, id)
	if err != nil {
		return d, fmt.Errorf("read delivery %s: %w; restore the file from a backup", file, err)
	}
	return d, nil
}

// folders returns the names of the folders in dir that are not hidden, or none without dir.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func readDelivery(file, source, id string) (Delivery, error) {
	var d Delivery
	data, err := os.ReadFile(file)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, err
	}
	switch {
	case d.Source != source || d.ID != id:
		return d, fmt.Errorf("it describes %s/%s", d.Source, d.ID)
	case !deliveryIDs.MatchString(d.ID) || len(d.SHA256) != 64 || d.ID != NewID(d.Peildatum, d.SHA256):
		return d, fmt.Errorf("ID %q does not match peildatum %q and sha256 %q", d.ID, d.Peildatum, d.SHA256)
	case len(d.Receipts) == 0 || d.Receipts[0].Sequence < 1:
		return d, errors.New("it has no receipt")
	case !slices.IsSortedFunc(d.Receipts, func(a, b Receipt) int { return cmp.Compare(a.Sequence, b.Sequence) }):
		return d, errors.New("its receipts are out of order")
	}
	return d, nil
}

// Write writes delivery.json to dir, atomically.
func (d Delivery) Write(dir string) error {
	data, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return fmt.Errorf("write delivery %s: %w", d.ID, err)
	}
	return durable.WriteFile(filepath.Join(dir, DeliveryFile), append(data, '\n'), 0o600)
}

// Sweep removes unfinished deliveries and decisions after a crash: the hidden entries in the folders of
// sources and decisions. The caller must have the run lock, since those of a running pull look the same.
func Sweep(dataDir string) error {
	landing := filepath.Join(dataDir, LandingDir)
	sources, err := folders(landing)
	if err != nil {
		return fmt.Errorf("sweep landing: %w", err)
	}
	for _, source := range sources {
		if err := removeHidden(filepath.Join(landing, source)); err != nil {
			return fmt.Errorf("sweep landing: %w", err)
		}
	}
	if err := removeHidden(filepath.Join(dataDir, decisionsDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep decisions: %w", err)
	}
	return nil
}

// removeHidden removes the hidden entries of dir.
func removeHidden(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// MakeFolder creates dir durably, for this user only. Its parent must exist.
func MakeFolder(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(dir))
}

var digitRun = regexp.MustCompile(`[0-9]+`)

// ReceiptName returns a file name that may be stored as JSON and shown. It masks nine digits in a row, which
// may be a BSN.
func ReceiptName(name string) string {
	return digitRun.ReplaceAllStringFunc(strings.ToValidUTF8(name, "_"), func(digits string) string {
		if len(digits) == 9 {
			return "*********"
		}
		return digits
	})
}
