package delivery

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"inbeeld/sources/contract"
)

// A Pakbon is what the supplier states that a delivery contains. Fields that are not stated are zero.
type Pakbon struct {
	Rijen  *int64 `json:"rijen,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// Sommen has the sum of each column by its name, as decimal text with a point.
	Sommen map[string]string `json:"sommen,omitempty"`
	// Onleesbaar is set if there is a pakbon, but it is not readable.
	Onleesbaar bool `json:"onleesbaar,omitempty"`
}

// pakbonSuffixes are what a pakbon appends to the name of its file.
var pakbonSuffixes = []string{".pakbon.json", ".pakbon.csv"}

// MaxPakbonSize is the maximum size of a pakbon, in bytes.
const MaxPakbonSize = 1 << 20

// PakbonOf returns the name of the file that a pakbon belongs to. ok is false if name is not a pakbon.
func PakbonOf(name string) (file string, ok bool) {
	for _, ending := range pakbonSuffixes {
		if n := len(name) - len(ending); n > 0 && strings.EqualFold(name[n:], ending) {
			return name[:n], true
		}
	}
	return "", false
}

// WaitsForPakbon reports whether a file without a pakbon still has to wait for one.
func WaitsForPakbon(c *contract.Contract, modified, now time.Time) bool {
	return c.Pakbon.Required && now.Before(modified.Add(c.Pakbon.Wait))
}

var (
	sumText = regexp.MustCompile(`^-?\d{1,30}([.,]\d{1,15})?$`)
	shaText = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// ParsePakbon reads a pakbon in the format of its extension: JSON with rijen, sha256 and sommen, or CSV lines
// "rijen;12", "sha256;…" and "som Kolom;1234,5".
func ParsePakbon(name string, data []byte) *Pakbon {
	p := &Pakbon{}
	read := p.readCSV
	if strings.EqualFold(path.Ext(name), ".json") {
		read = p.readJSON
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if read(data) != nil || p.check() != nil {
		return &Pakbon{Onleesbaar: true}
	}
	return p
}

func (p *Pakbon) readJSON(data []byte) error {
	var doc struct {
		Rijen  *int64                     `json:"rijen"`
		SHA256 string                     `json:"sha256"`
		Sommen map[string]json.RawMessage `json:"sommen"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return err
	}
	p.Rijen, p.SHA256 = doc.Rijen, doc.SHA256
	for column, raw := range doc.Sommen {
		p.sum(column, strings.Trim(string(raw), `"`))
	}
	return nil
}

func (p *Pakbon) readCSV(data []byte) error {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = ';', 2
	lines, err := r.ReadAll()
	for _, line := range lines {
		what, value := strings.TrimSpace(line[0]), strings.TrimSpace(line[1])
		column, isSum := strings.CutPrefix(what, "som ")
		switch {
		case strings.EqualFold(what, "rijen"):
			n, perr := strconv.ParseInt(value, 10, 64)
			p.Rijen, err = &n, errors.Join(err, perr)
		case strings.EqualFold(what, "sha256"):
			p.SHA256 = value
		case isSum:
			p.sum(strings.TrimSpace(column), value)
		default:
			err = errors.Join(err, fmt.Errorf("unknown line %q", what))
		}
	}
	return err
}

func (p *Pakbon) sum(column, value string) {
	if p.Sommen == nil {
		p.Sommen = map[string]string{}
	}
	p.Sommen[column] = strings.Replace(value, ",", ".", 1)
}

func (p *Pakbon) check() error {
	if p.Rijen == nil && p.SHA256 == "" && len(p.Sommen) == 0 || p.Rijen != nil && *p.Rijen < 0 {
		return errors.New("it states nothing")
	}
	if p.SHA256 != "" && !shaText.MatchString(p.SHA256) {
		return errors.New("sha256 is not a hash")
	}
	p.SHA256 = strings.ToLower(p.SHA256)
	for column, sum := range p.Sommen {
		if _, ok := new(big.Rat).SetString(sum); !ok || !sumText.MatchString(sum) || column == "" {
			return errors.New("a sum is not a number")
		}
	}
	return nil
}

// Fingerprint returns a hash of what a pakbon states, or "" for nil.
func (p *Pakbon) Fingerprint() string {
	if p == nil {
		return ""
	}
	return contract.Fingerprint("pakbon", p)
}
