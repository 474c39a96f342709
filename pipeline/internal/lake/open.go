package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/records"
	"inbeeld/pipeline/internal/unpack"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

// maxEnvelopes is how deep envelopes may be nested.
const maxEnvelopes = 3

// A Refusal is an error that says in Dutch why a file cannot be read. It refuses the delivery but does not
// stop the run.
type Refusal interface {
	error
	Refusal() string
}

// An Extract is the file of a delivery without its envelopes.
type Extract struct {
	*os.File
	Name     string
	Size     int64
	Profile  records.Profile
	CopyPath string // path of a copy, "" for the original
}

// Close closes the file and removes a copy.
func (e *Extract) Close() error {
	err := e.File.Close()
	if e.CopyPath != "" {
		err = errors.Join(err, os.Remove(e.CopyPath))
	}
	return err
}

// OpenExtract opens the original of a delivery. If it is in an envelope, it unpacks it to a hidden file next to
// the original, which the next pull sweeps if this program is killed.
func OpenExtract(ctx context.Context, data string, c *contract.Contract, d delivery.Delivery) (*Extract, error) {
	file, err := os.Open(d.Original(data))
	if err != nil {
		return nil, err
	}
	x := &Extract{File: file, Name: d.Receipts[0].File, Size: d.Size}
	if err := json.Unmarshal(d.Profile, &x.Profile); err != nil {
		return nil, errors.Join(fmt.Errorf("read the profile in delivery.json: %w", err), x.Close())
	}
	return Unwrap(ctx, x, Envelopes{
		Copies: filepath.Join(filepath.Dir(d.Dir(data)), "."+d.ID), Wanted: c.Match.MatchString,
		Secret: func() (io.ReadCloser, error) {
			if c.Format.Identity == "" {
				return nil, nil
			}
			return os.Open(filepath.Join(data, "secrets", c.Format.Identity))
		},
	})
}

// Envelopes has what is needed to unpack a file from its envelopes.
type Envelopes struct {
	Copies string                        // path of the copies, without their number
	Wanted func(name string) bool        // selects a file from an archive with several
	Secret func() (io.ReadCloser, error) // opens our key; nil if there is none
}

// Unwrap unpacks nested envelopes. It returns x itself if there are none, and closes it otherwise.
func Unwrap(ctx context.Context, x *Extract, w Envelopes) (*Extract, error) {
	for depth := 0; ; depth++ {
		envelope, err := unpack.Detect(x.File, x.Size, x.Name)
		if err == nil && envelope.Kind == unpack.None {
			return x, nil
		}
		if err == nil && depth == maxEnvelopes {
			err = &unpack.RefusedError{Reason: fmt.Sprintf("het bestand zit in meer dan %d verpakkingen", maxEnvelopes)}
		}
		if err != nil {
			return nil, errors.Join(err, x.Close())
		}
		inner, err := unwrapOne(ctx, envelope, fmt.Sprintf("%s-%d", w.Copies, depth), w)
		if err := errors.Join(err, x.Close()); err != nil {
			return nil, err
		}
		x = inner
	}
}

// unwrapOne writes the content of an envelope to path. After an error there is no file.
func unwrapOne(ctx context.Context, envelope unpack.Envelope, path string, w Envelopes) (_ *Extract, err error) {
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	x := &Extract{File: file, CopyPath: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, x.Close())
		}
	}()
	var p records.Profiler
	x.Name, err = envelope.Content(ctx, io.MultiWriter(file, &p), w.Wanted, w.Secret)
	if err != nil {
		return nil, err
	}
	x.Profile = p.Profile()
	x.Size = x.Profile.Bytes
	return x, nil
}

// Form converts the format in a contract.
func Form(f contract.Format) records.Form {
	return records.Form{
		Encoding: records.Encoding(f.Encoding), Sheet: f.Sheet,
		Dialect: records.Dialect{Separator: f.Separator, Quote: f.Quote, Escape: f.Escape},
	}
}

// RecordColumns converts the columns of a contract.
func RecordColumns(c *contract.Contract) []records.Column {
	columns := make([]records.Column, len(c.Columns))
	for i, col := range c.Columns {
		columns[i] = records.Column{Name: col.Name, Aliases: col.Aliases, Required: col.Required, Date: col.Type == contract.Date}
	}
	return columns
}

// unreadable resets the load of a file that cannot be read to a refusal without counts.
func (l *Load) unreadable(r Refusal) {
	var ours *unpack.RefusedError
	l.Balance, l.Elfproef, l.Duplicates, l.Total, l.Shares, l.Header = Balance{}, 0, 0, nil, nil, records.Header{}
	l.Reasons, l.PublicReasons = nil, nil
	l.refuse("%s", r.Refusal())
	l.Retry = errors.As(r, &ours) && ours.Ours
}
