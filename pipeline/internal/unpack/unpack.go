package unpack

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits against decompression bombs.
const (
	// MaxContent is the maximum size of a content, in bytes.
	MaxContent = 64 << 30
	// maxRatio is the maximum ratio of a content larger than smallContent to its envelope.
	maxRatio     = 400
	smallContent = 64 << 20
	maxEntries   = 10_000
)

// Kind is the kind of an envelope.
type Kind string

// The kinds of envelope. None is a file without one.
const (
	None Kind = ""
	Gzip Kind = "gzip"
	Zip  Kind = "zip"
	Age  Kind = "age"
	PGP  Kind = "pgp"
)

// RefusedError reports why a content cannot be extracted.
type RefusedError struct {
	Reason string // Dutch, for the supplier
	Ours   bool   // the cause is our secret, not the file
	Err    error  // may be nil
}

func (e *RefusedError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

func (e *RefusedError) Unwrap() error { return e.Err }

// Refusal returns the reason for the supplier.
func (e *RefusedError) Refusal() string { return e.Reason }

// An Envelope is a file that may contain another.
type Envelope struct {
	Kind Kind
	src  io.ReaderAt
	size int64
	name string
}

// Detect recognises the envelope of a file by its first bytes and its name. It returns an error only if
// those bytes cannot be read.
func Detect(src io.ReaderAt, size int64, name string) (Envelope, error) {
	e := Envelope{src: src, size: size, name: name}
	head := make([]byte, min(size, 64))
	if n, err := src.ReadAt(head, 0); n < len(head) {
		return e, fmt.Errorf("read the start of the file: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1F\x8B")):
		e.Kind = Gzip
	case bytes.HasPrefix(head, []byte("age-encryption.org/v1")), bytes.HasPrefix(bytes.TrimSpace(head), []byte(ageArmor)):
		e.Kind = Age
	case isPGP(head, name):
		e.Kind = PGP
	case bytes.HasPrefix(head, []byte("PK")) && e.isArchive():
		e.Kind = Zip
	}
	return e, nil
}

// isArchive reports whether a zip file is an archive rather than a workbook. If it cannot be read, its
// name decides.
func (e Envelope) isArchive() bool {
	archive, err := zip.NewReader(e.src, e.size)
	if err != nil {
		return strings.EqualFold(path.Ext(e.name), ".zip")
	}
	return !slices.ContainsFunc(archive.File, func(f *zip.File) bool { return f.Name == "[Content_Types].xml" })
}

// Content writes the content to dst and returns its name. wanted selects the relevant file in an archive
// with several. secret opens the key or password for encrypted content; it returns nil if there is none.
func (e Envelope) Content(ctx context.Context, dst io.Writer, wanted func(name string) bool, secret func() (io.ReadCloser, error)) (name string, err error) {
	out := &limitedWriter{ctx: ctx, dst: dst, limit: max(smallContent, maxRatio*e.size)}
	switch e.Kind {
	case Gzip:
		return inner(e.name), e.gunzip(out)
	case Zip:
		return e.unzip(out, wanted, secret)
	case Age:
		return inner(e.name), e.decryptAge(out, secret)
	case PGP:
		return inner(e.name), e.decryptPGP(out, secret)
	case None:
	}
	return "", errors.New("unpack: the file has no envelope")
}

// inner returns the name without the extension of the envelope.
func inner(name string) string {
	switch ext := path.Ext(name); strings.ToLower(ext) {
	case ".gz", ".gzip", ".age", ".pgp", ".gpg", ".asc", ".zip":
		return strings.TrimSuffix(name, ext)
	case ".tgz":
		return strings.TrimSuffix(name, ext) + ".tar"
	}
	return name
}

func (e Envelope) reader() *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(e.src, 0, e.size), 1<<20)
}

func (e Envelope) gunzip(dst io.Writer) error {
	in, err := gzip.NewReader(e.reader())
	if err != nil {
		return damaged("gzip-bestand", err)
	}
	return copyContent(dst, in, "gzip-bestand")
}

func (e Envelope) unzip(dst io.Writer, wanted func(string) bool, secret func() (io.ReadCloser, error)) (string, error) {
	archive, err := zip.NewReader(e.src, e.size)
	if err != nil {
		return "", damaged("zip-bestand", err)
	}
	if len(archive.File) > maxEntries {
		return "", &RefusedError{Reason: fmt.Sprintf("het zip-bestand bevat %d bestanden; lever één bestand per zip", len(archive.File))}
	}
	var files, matching []*zip.File
	for _, f := range archive.File {
		switch name := f.Name; {
		case strings.HasSuffix(name, "/") && filepath.IsLocal(strings.TrimSuffix(name, "/")):
		case !filepath.IsLocal(name) || strings.Contains(name, `\`) && !filepath.IsLocal(strings.ReplaceAll(name, `\`, "/")):
			return "", &RefusedError{Reason: fmt.Sprintf("het zip-bestand bevat een pad dat erbuiten wijst: %q", name)}
		case strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(path.Base(name), "."):
		default:
			files = append(files, f)
			if wanted(path.Base(name)) {
				matching = append(matching, f)
			}
		}
	}
	if len(files) == 1 {
		matching = files
	}
	if len(matching) != 1 {
		var names []string
		for _, f := range files[:min(len(files), 5)] {
			names = append(names, f.Name)
		}
		if len(names) < len(files) {
			names = append(names, "…")
		}
		reason := "het zip-bestand is leeg"
		if len(files) > 0 {
			reason = fmt.Sprintf("het zip-bestand bevat %d bestanden (%s), en niet precies één dat bij het contract past; lever één bestand per zip", len(files), strings.Join(names, ", "))
		}
		return "", &RefusedError{Reason: reason}
	}
	f := matching[0]
	if f.Flags&encryptedFlag != 0 {
		in, err := openEncrypted(f, secret)
		if err != nil {
			return "", err
		}
		return path.Base(f.Name), copyContent(dst, in, "zip-bestand")
	}
	in, err := f.Open()
	if err != nil {
		return "", damaged("zip-bestand", err)
	}
	defer func() { _ = in.Close() }()
	return path.Base(f.Name), copyContent(dst, in, "zip-bestand")
}

func damaged(what string, err error) error {
	return &RefusedError{Reason: "het " + what + " is beschadigd of niet volledig; lever het opnieuw", Err: err}
}

// copyContent copies a content. A read error means that the envelope is damaged.
func copyContent(dst io.Writer, src io.Reader, what string) error {
	_, err := io.Copy(dst, envelopeReader{src, what})
	return err
}

type envelopeReader struct {
	io.Reader
	what string
}

func (r envelopeReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(r.what, err)
	}
	return n, err
}

// A limitedWriter refuses a content that grows too large.
type limitedWriter struct {
	ctx         context.Context
	dst         io.Writer
	limit, done int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	l.done += int64(len(p))
	if l.done > l.limit || l.done > MaxContent {
		return 0, &RefusedError{Reason: "het bestand pakt uit tot veel meer dan zijn grootte en is daarom niet gelezen"}
	}
	return l.dst.Write(p)
}
