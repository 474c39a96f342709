package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/pipeline/internal/unpack"
	"inbeeld/pipeline/internal/usage"
)

// A Proposal is a contract for a file that has none, for a person to read and change. It contains names and
// types, but no values.
type Proposal struct {
	Source string
	Match  string // a regular expression for file names
	Dated  bool   // the name of the file contains a date
	Form   string
	Format []string // entries of the format block
	// Identity is the file with the key that decrypts the content, or "".
	Identity string
	Records  int64
	Columns  []ProposedColumn
	Key      []string // column names; empty if none was found
}

// A ProposedColumn is a column of a Proposal.
type ProposedColumn struct {
	Name, As, Type string
	Required       bool
	Note           string
}

// maxRecords is how many records Probe reads.
const maxRecords = 500_000

// Options configure Probe.
type Options struct {
	// TempDir is where Probe opens an envelope, in a folder that only this user can read and that it removes
	// afterwards; "" is the system's.
	TempDir string
	// Identity is the file with our private key or password, or "".
	Identity string
}

// Probe proposes a contract for a file. It does not change the file.
func Probe(ctx context.Context, path string, o Options) (p *Proposal, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	outer := filepath.Base(path)
	x := &lake.Extract{File: file, Name: outer}
	defer func() {
		if x != nil {
			err = errors.Join(err, x.Close())
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, usage.Errorf("%s is not a file; give one delivered file", path)
	}
	x.Size = info.Size()
	dir, err := os.MkdirTemp(o.TempDir, "inbeeld-probe-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	encrypted := false
	if x, err = lake.Unwrap(ctx, x, o.wrapping(dir, &encrypted)); err != nil {
		return nil, envelopeError(outer, err)
	}
	if x.CopyPath != "" {
		// The open file stays readable, and nothing remains on disk even after a crash.
		if err := os.Remove(x.CopyPath); err != nil {
			return nil, err
		}
		x.CopyPath = ""
	} else {
		var profiler records.Profiler
		if _, err := io.Copy(&profiler, io.NewSectionReader(file, 0, x.Size)); err != nil {
			return nil, fmt.Errorf("read %s: %w", outer, err)
		}
		x.Profile = profiler.Profile()
	}
	if p, err = propose(ctx, x); err != nil {
		return nil, err
	}
	p.Source, p.Match, p.Dated = nameOf(outer)
	if encrypted {
		p.Identity = filepath.Base(o.Identity)
	}
	return p, nil
}

// wrapping opens envelopes below dir, and takes the only file out of an archive.
func (o Options) wrapping(dir string, encrypted *bool) lake.Envelopes {
	return lake.Envelopes{
		Copies: filepath.Join(dir, "content"), Wanted: func(string) bool { return false },
		Secret: func() (io.ReadCloser, error) {
			if o.Identity == "" {
				return nil, errNoIdentity
			}
			*encrypted = true
			return os.Open(o.Identity)
		},
	}
}

var errNoIdentity = errors.New("no key given")

// envelopeError returns a usage error if the envelope, or our own key, is at fault.
func envelopeError(name string, err error) error {
	var refused *unpack.RefusedError
	switch {
	case errors.Is(err, errNoIdentity):
		return usage.Errorf("%s is encrypted; give the file with our private key or password: --identity FILE", name)
	case errors.As(err, &refused) && refused.Ours:
		return usage.Errorf("%s: %v", name, refused)
	}
	return probeError(name, err)
}

// propose proposes everything except what follows from the name of the file.
func propose(ctx context.Context, x *lake.Extract) (*Proposal, error) {
	titles, form, err := records.Titles(ctx, x, x.Size, x.Name, x.Profile)
	if err != nil {
		return nil, probeError(x.Name, err)
	}
	s := newSurvey(titles)
	if len(s.columns) == 0 {
		return nil, usage.Errorf("no header found in %s: none of the first 50 records contains only names", x.Name)
	}
	declared := form
	declared.Encoding = ""
	reader, err := records.Open(ctx, x, x.Size, x.Name, declared, x.Profile, s.recordColumns())
	if err != nil {
		return nil, probeError(x.Name, err)
	}
	var batch records.Batch
	for s.rows < maxRecords {
		err := reader.Next(ctx, &batch)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, probeError(x.Name, err)
		}
		s.add(&batch)
	}
	p := &Proposal{Records: reader.Balance().Records, Form: reader.Form().String(), Format: formatLines(form)}
	p.Columns, p.Key = s.propose()
	return p, nil
}

// probeError returns a usage error if the file is at fault.
func probeError(name string, err error) error {
	var refused lake.Refusal
	if errors.As(err, &refused) {
		return usage.Errorf("%s: %s", name, pseudonym.Mask(refused.Refusal()))
	}
	return fmt.Errorf("read %s: %w", name, err)
}

// formatLines returns the format settings that the contract should fix.
func formatLines(f records.Form) []string {
	var lines []string
	if f.Dialect.Separator != 0 {
		lines = append(lines, fmt.Sprintf("separator: %q", string(f.Dialect.Separator)))
		if f.Dialect.Quote == '\'' {
			lines = append(lines, `quote: "'"`)
		}
	}
	if f.Sheet != "" {
		lines = append(lines, fmt.Sprintf("sheet: %q", f.Sheet))
	}
	return lines
}

// YAML returns the contract, with comments on what a person must check.
func (p *Proposal) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# sources/%s.yaml — proposed from %d records (%s). Read every line before you use it.\n", p.Source, p.Records, p.Form)
	b.WriteString("description: Zeg in een zin wat er wordt geleverd\nsupplier: onbekend\nowner: datateam\n")
	if !p.Dated {
		b.WriteString("# The file name has no date (jjjjmmdd). A delivery needs one: the peildatum.\n")
	}
	fmt.Fprintf(&b, "match: %s\n", yamlString(p.Match))
	format := p.Format
	if p.Identity != "" {
		b.WriteString("# Put the key in the folder secrets of the data directory, under this name.\n")
		format = append([]string{"identity: " + yamlString(p.Identity)}, format...)
	}
	if len(format) > 0 {
		fmt.Fprintf(&b, "format: {%s}\n", strings.Join(format, ", "))
	}
	if len(p.Key) == 0 {
		b.WriteString("# No unique combination of columns was found. Choose the key yourself.\n")
		if i := slices.IndexFunc(p.Columns, func(c ProposedColumn) bool { return c.Required }); i >= 0 {
			p.Key = []string{p.Columns[i].As}
		}
	}
	fmt.Fprintf(&b, "key: [%s]\ncolumns:\n", strings.Join(p.Key, ", "))
	for _, c := range p.Columns {
		fmt.Fprintf(&b, "  - {name: %s, as: %s, type: %s", yamlString(c.Name), c.As, c.Type)
		if c.Required {
			b.WriteString(", required: true")
		}
		b.WriteString("}")
		if c.Note != "" {
			b.WriteString(" # " + c.Note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// yamlString returns text as a YAML string in single quotes.
func yamlString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
