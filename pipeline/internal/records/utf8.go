package records

import (
	"context"
	"io"
)

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
