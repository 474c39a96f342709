package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/pipeline/internal/unpack"
	"inbeeld/pipeline/internal/usage"
)

// A Proposal is a contract for a file of which nothing was agreed, to be read and changed by a person.
// It holds names and types, never a value.
type Proposal struct {
	Source string // what the source could be called
	Match  string
	Dated  bool // the name of the file has a date
	Form   string
	Format []string // lines of the format block
	// Identity is the file with the key that the content is encrypted for.
	Identity string
	Records  int64
	Columns  []ProposedColumn
	Key      []string // names of columns here; none was found when it is empty
}

// A ProposedColumn is one column of a proposal.
type ProposedColumn struct {
	Name, As, Type string
	Required       bool
	Note           string
}

// mostProbed is how many records a proposal rests on.
const mostProbed = 500_000

// ProbeOptions say how a file is looked at.
type Options struct {
	// TempDir is where a file is put that travels in an envelope, in a folder that only this user can read
	// and that goes at the end; "" is that of the system.
	TempDir string
	// Identity is the file with our key, for what is encrypted; "" is none.
	Identity string
}

// Probe proposes a contract for a file. The file is only read.
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
		return nil, usage.Errorf("%s is no file; name one delivery", path)
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
		// What is open can be read to its end without a name, and whatever happens, nothing stays.
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

// wrapping takes out the only file of an archive.
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

var errNoIdentity = errors.New("no key was named")

// envelopeError makes of a file that cannot be taken out a fault of usage, that of our own key too.
func envelopeError(name string, err error) error {
	var refused *unpack.RefusedError
	switch {
	case errors.Is(err, errNoIdentity):
		return usage.Errorf("%s is encrypted; name the file with our private key, or the password: --identity FILE", name)
	case errors.As(err, &refused) && refused.Ours:
		return usage.Errorf("%s: %v", name, refused)
	}
	return probeError(name, err)
}

// propose proposes all but what the name of a file tells.
func propose(ctx context.Context, x *lake.Extract) (*Proposal, error) {
	titles, form, err := records.Titles(ctx, x, x.Size, x.Name, x.Profile)
	if err != nil {
		return nil, probeError(x.Name, err)
	}
	s := newSurvey(titles)
	if len(s.columns) == 0 {
		return nil, usage.Errorf("no header found in %s: no record among the first 50 holds only names", x.Name)
	}
	declared := form
	declared.Encoding = ""
	reader, err := records.Open(ctx, x, x.Size, x.Name, declared, x.Profile, s.recordColumns())
	if err != nil {
		return nil, probeError(x.Name, err)
	}
	var batch records.Batch
	for s.rows < mostProbed {
		err := reader.Next(ctx, &batch)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, probeError(x.Name, err)
		}
		s.look(&batch)
	}
	p := &Proposal{Records: reader.Balance().Records, Form: reader.Form().String(), Format: formatLines(form)}
	p.Columns, p.Key = s.propose()
	return p, nil
}

// probeError makes of a file that cannot be read a fault of usage.
func probeError(name string, err error) error {
	var refused lake.Refusal
	if errors.As(err, &refused) {
		return usage.Errorf("%s: %s", name, pseudonym.Mask(refused.Refusal()))
	}
	return fmt.Errorf("read %s: %w", name, err)
}

// formatLines say what of the form is better written down than found again each time.
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

// YAML is the proposal as a contract, with what a person must look at as comments.
func (p *Proposal) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# sources/%s.yaml — proposed from %d records (%s). Read every line before you use it.\n", p.Source, p.Records, p.Form)
	fmt.Fprintf(&b, "description: Zeg in een zin wat er wordt geleverd\nsupplier: onbekend\nowner: datateam\n")
	if !p.Dated {
		b.WriteString("# The name of the file has no date as jjjjmmdd. A delivery needs one: the peildatum.\n")
	}
	fmt.Fprintf(&b, "match: %s\n", yamlText(p.Match))
	format := p.Format
	if p.Identity != "" {
		fmt.Fprintf(&b, "# The key belongs in the folder secrets of the data directory, under this name.\n")
		format = append([]string{"identity: " + yamlText(p.Identity)}, format...)
	}
	if len(format) > 0 {
		fmt.Fprintf(&b, "format: {%s}\n", strings.Join(format, ", "))
	}
	if len(p.Key) == 0 {
		b.WriteString("# No columns were found that together are unique in every record. Choose them.\n")
		for _, c := range p.Columns {
			if c.Required {
				p.Key = []string{c.As}
				break
			}
		}
	}
	fmt.Fprintf(&b, "key: [%s]\ncolumns:\n", strings.Join(p.Key, ", "))
	for _, c := range p.Columns {
		fmt.Fprintf(&b, "  - {name: %s, as: %s, type: %s", yamlText(c.Name), c.As, c.Type)
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

// yamlText is text as YAML takes it literally.
func yamlText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
