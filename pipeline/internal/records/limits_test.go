package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// cycle is a file of size bytes: start, and then again repeatedly.
type cycle struct {
	start, again string
	size         int64
}

func (c cycle) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		switch at := off + int64(i); {
		case at >= c.size:
			return i, io.EOF
		case at < int64(len(c.start)):
			b[i] = c.start[at]
		default:
			b[i] = c.again[(at-int64(len(c.start)))%int64(len(c.again))]
		}
	}
	return len(b), nil
}

// count reads a file without keeping its rows.
func count(t *testing.T, r *Reader) (faults [TooLong + 1]int) {
	t.Helper()
	var b Batch
	for {
		err := r.Next(t.Context(), &b)
		if errors.Is(err, io.EOF) {
			return faults
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Fault {
			faults[f]++
		}
	}
}

// TestStrayQuotes reads files in which every line opens a quote that is never closed. Searching for the end
// of each separately would take hours.
func TestStrayQuotes(t *testing.T) {
	const size = 24 << 20
	for _, line := range []string{"x\";\"\n", "x\";\"\r", "x\";\"\r\n", "x\";\"\nx\";\"\n\";\"y\n"} {
		t.Run(fmt.Sprintf("%q", line), func(t *testing.T) {
			lines := strings.Count(line, "\n") + strings.Count(line, "\r") - strings.Count(line, "\r\n")
			body := int64(size / len(line) * len(line))
			r := newCSVReader(cycle{abc, line, body + int64(len(abc))}, body+int64(len(abc)), UTF8, testDialect, caseColumns)
			got := count(t, r)
			if want := int(body) / len(line) * lines; got[Quoting] != want {
				t.Errorf("%d records with broken quoting, want %d", got[Quoting], want)
			}
		})
	}
}

// TestStrayQuoteIsClosedLater has stray quotes of which a line far down closes the last, beyond the maximum
// length of the first record.
func TestStrayQuoteIsClosedLater(t *testing.T) {
	const limit, lines = 1000, 400
	for before := range 12 {
		data := []byte(abc + strings.Repeat("x\";\"\n", lines) + strings.Repeat("z", before) + "\";3\n4;5;6\n")
		want := refRead(data, UTF8, testDialect, caseColumns, limit)
		got := collect(t, tuning{64, BatchRows, batchBytes, limit, 0}.reader(data, UTF8, caseColumns))
		if diff := difference(want, got); diff != "" {
			t.Fatalf("%d before (-want +got)\n%s", before, diff)
		}
	}
}

// TestMemory reads a file much larger than the memory of the reader.
func TestMemory(t *testing.T) {
	tests := []struct {
		name  string
		again string
		most  int
	}{
		{"short lines", "1;2;3\n", 3 * chunk},
		{"one line", "1;2;3", 4 * MaxRecord},
		{"one line of quotes", "\"", 4 * MaxRecord},
		{"one line in a quote", ";\"x", 4 * MaxRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const size = 64 << 20
			r := newCSVReader(cycle{abc, tt.again, size}, size, UTF8, testDialect, caseColumns)
			count(t, r)
			if got := cap(r.src.(*scanner).w.buf); got > tt.most {
				t.Errorf("the window grew to %d bytes", got)
			}
		})
	}
}

// TestBatches checks where batches close.
func TestBatches(t *testing.T) {
	tests := []struct {
		name string
		rows int
		text string
		want []int
	}{
		{"exactly one batch", BatchRows, "x", []int{BatchRows}},
		{"one row more", BatchRows + 1, "x", []int{BatchRows, 1}},
		{"more than is held back", BatchRows + 7, "x", []int{BatchRows, 7}},
		{"large values", 40, strings.Repeat("x", 1<<20), []int{11, 16, 13}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte(abc + strings.Repeat("1;2;"+tt.text+"\n", tt.rows))
			r := defaultTuning.reader(data, UTF8, caseColumns)
			var got []int
			var b Batch
			for r.Next(t.Context(), &b) == nil {
				got = append(got, b.N)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("batches of %v rows, want %v", got, tt.want)
			}
		})
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	const size = 60 << 20
	r := newCSVReader(cycle{abc, "12345;naam;\"met \"\" erin\"\n;é;\n", size}, size, UTF8, testDialect, caseColumns)
	var b Batch
	for range 3 {
		if err := r.Next(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	got := testing.AllocsPerRun(50, func() {
		if err := r.Next(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	})
	if got > 0 {
		t.Errorf("%v allocations for a batch", got)
	}
}

// faulty is a file that fails from byte at on.
type faulty struct {
	io.ReaderAt
	at  int64
	err error
}

func (f faulty) ReadAt(b []byte, off int64) (int, error) {
	if left := f.at - off; left < int64(len(b)) {
		n, _ := f.ReaderAt.ReadAt(b[:max(0, left)], off)
		return n, f.err
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestErrors(t *testing.T) {
	data := []byte(abc + strings.Repeat("1;2;3\n", 50000))
	size := int64(len(data))
	broken := errors.New("device gone")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		r    *Reader
		want error
		text string
	}{
		{"canceled", canceled, newCSVReader(bytes.NewReader(data), size, UTF8, testDialect, caseColumns), context.Canceled, ""},
		{"unreadable", t.Context(), newCSVReader(faulty{bytes.NewReader(data), 9, broken}, size, UTF8, testDialect, caseColumns), broken, "byte 9"},
		{"unreadable at once", t.Context(), newCSVReader(faulty{bytes.NewReader(data), 0, broken}, size, UTF16LE, testDialect, caseColumns), broken, "byte 0"},
		{"shorter than it was", t.Context(), newCSVReader(bytes.NewReader(data), size+1, Windows1252, testDialect, caseColumns), io.ErrUnexpectedEOF, "deliver it again"},
		{"an unknown encoding", t.Context(), newCSVReader(bytes.NewReader(data), size, "ebcdic", testDialect, caseColumns), nil, `"ebcdic"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Batch
			var first error
			for first == nil {
				first = tt.r.Next(tt.ctx, &b)
			}
			if errors.Is(first, io.EOF) || tt.want != nil && !errors.Is(first, tt.want) || !strings.Contains(first.Error(), tt.text) {
				t.Errorf("got %v, want %v with %q", first, tt.want, tt.text)
			}
			if again := tt.r.Next(t.Context(), &b); !errors.Is(again, first) || b.N != 0 {
				t.Errorf("then got %v and %d rows", again, b.N)
			}
		})
	}
}

// TestErrorAnywhere reads from a device that fails at each byte in turn. No fault of the file may hide that.
func TestErrorAnywhere(t *testing.T) {
	broken := errors.New("device gone")
	data := []byte("x\n" + abc + "1;\"2\"\"\r\n\";3\r\n\"1\";2;\"3\"x\r\n\"1;2\n1;2;3;4;5;6;7\r\n\"12345678901\r\nTotaal;\"1\"\r\n")
	for _, enc := range []Encoding{UTF8, UTF16BE} {
		for at := range data {
			r := tuning{1, 1, 1, 10, 0}.reader(data, enc, caseColumns)
			r.src.(*scanner).w.src.src = faulty{bytes.NewReader(data), int64(at), broken}
			var b Batch
			var err error
			for err == nil {
				err = r.Next(t.Context(), &b)
			}
			if !errors.Is(err, broken) {
				t.Errorf("%s, byte %d: got %v", enc, at, err)
			}
		}
	}
}

func TestCanceledBetweenBatches(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	const size = 64 << 20
	r := newCSVReader(cycle{abc, "1;2;3\n", size}, size, UTF8, testDialect, caseColumns)
	var b Batch
	if err := r.Next(ctx, &b); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := r.Next(ctx, &b); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// canceling is a file that cancels its context when byte at is read.
type canceling struct {
	io.ReaderAt
	at     int64
	cancel context.CancelFunc
}

func (c canceling) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > c.at {
		c.cancel()
	}
	return c.ReaderAt.ReadAt(b, off)
}

// TestCanceledWithinBatch reads a file without a header, which takes a single call.
func TestCanceledWithinBatch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	const size = 64 << 20
	src := canceling{cycle{"", "1;2;3\n", size}, 8 << 20, cancel}
	r := newCSVReader(src, size, UTF8, testDialect, caseColumns)
	var b Batch
	if err := r.Next(ctx, &b); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if read := r.Balance().Records * 6; read > 10<<20 {
		t.Errorf("it read on for %d bytes", read)
	}
}
