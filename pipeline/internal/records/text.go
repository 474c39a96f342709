package records

import (
	"context"
	"io"
)

// text is a file in any encoding as a stream of UTF-8, in which undecodable marks what does not
// decode.
type text struct {
	ctx context.Context
	w   window
}

func newText(src io.ReaderAt, size int64, enc Encoding) *text {
	return &text{w: window{src: decoder{src: src, size: size, enc: enc, chunk: chunk}}}
}

// in makes ctx the one that ends reading.
func (t *text) in(ctx context.Context) { t.ctx = ctx }

func (t *text) Read(p []byte) (int, error) {
	if t.w.len() == 0 {
		if err := t.w.fill(t.ctx); err != nil {
			return 0, err
		}
		if t.w.len() == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, t.w.text())
	t.w.drop(n)
	return n, nil
}
