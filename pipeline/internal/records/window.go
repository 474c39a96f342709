package records

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
)

// pad is the number of zero bytes after the text of a window, so that an eight-byte word can be read at
// every byte of it.
const pad = 8

// A window is the part of the decoded file that is in memory. It slides: text is dropped at the front
// and added at the end.
type window struct {
	src    decoder
	opened bool
	eof    bool // nothing more will be added
	buf    []byte
	lo, hi int // the text is buf[lo:hi]
}

// text returns the content, which is valid until the next fill.
func (w *window) text() []byte { return w.buf[w.lo:w.hi] }

// padded returns the content with its pad.
func (w *window) padded() []byte { return w.buf[w.lo : w.hi+pad] }

func (w *window) len() int { return w.hi - w.lo }

// drop removes the first n bytes of the text.
func (w *window) drop(n int) { w.lo += n }

// fill adds at least one byte after the text, or finds the end of the file.
func (w *window) fill(ctx context.Context) error {
	if !w.opened {
		if err := w.src.open(); err != nil {
			return err
		}
		w.opened = true
	}
	for had := w.len(); !w.eof && w.len() == had; {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.grow(w.src.decodedMax())
		n, err := w.src.read(w.buf[w.hi : len(w.buf)-pad])
		w.eof = errors.Is(err, io.EOF)
		if err != nil && !w.eof {
			return err
		}
		w.hi += n
		binary.LittleEndian.PutUint64(w.buf[w.hi:], 0)
	}
	return nil
}

// grow makes n bytes fit after the text. The buffer doubles only if the text fills three quarters of it,
// so moving text costs no more than reading it did.
func (w *window) grow(n int) {
	if w.hi+n+pad <= len(w.buf) {
		return
	}
	to := w.buf
	if 4*w.len() > 3*len(w.buf) || w.len()+n+pad > len(w.buf) {
		to = make([]byte, max(2*len(w.buf), w.len()+n+pad))
	}
	w.hi = copy(to, w.text())
	w.lo = 0
	w.buf = to
}

// utf8Reader reads a file in any encoding as UTF-8, in which undecodable marks what does not decode.
// ctx ends its reads.
type utf8Reader struct {
	ctx context.Context
	w   window
}

func newUTF8Reader(ctx context.Context, src io.ReaderAt, size int64, enc Encoding) *utf8Reader {
	return &utf8Reader{ctx: ctx, w: window{src: decoder{src: src, size: size, enc: enc, chunk: chunk}}}
}

func (r *utf8Reader) Read(p []byte) (int, error) {
	if r.w.len() == 0 {
		if err := r.w.fill(r.ctx); err != nil {
			return 0, err
		}
		if r.w.len() == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, r.w.text())
	r.w.drop(n)
	return n, nil
}
