package duck

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func open(t *testing.T, s Settings) *Session {
	t.Helper()
	db, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	sess, err := db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(sess.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return sess
}

func texts(values ...string) TextColumn {
	c := TextColumn{Offsets: []int32{0}, Valid: make([]byte, (len(values)+7)/8)}
	for i, v := range values {
		if v != "" {
			c.Valid[i/8] |= 1 << (i % 8)
		} else {
			c.Nulls++
		}
		c.Data = append(c.Data, v...)
		c.Offsets = append(c.Offsets, int32(len(c.Data)))
	}
	return c
}

func TestStream(t *testing.T) {
	s := open(t, Settings{Threads: 1, Streams: true})
	if err := s.RegisterText(t.Context(), "upside", strings.ToUpper); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		batches := 0
		stop, err := s.Stream(t.Context(), "stream", 2, func(b *Batch) error {
			if batches == 2 {
				return io.EOF
			}
			batches++
			*b = Batch{N: 3, Regel: []int64{1, 2, 3}, Fault: []uint8{0, 1, 0}, Columns: []TextColumn{texts("a", "", "c"), texts("", "", "zeer lange tekst die niet inline past")}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		row, err := s.Row(t.Context(), "select count(*)::varchar, sum(fout)::varchar, string_agg(upside(c0), '')::varchar, max(c1)::varchar, sum(regel)::varchar from stream")
		if err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range row {
			got = append(got, *v)
		}
		if want := "6 2 ACAC zeer lange tekst die niet inline past 12"; strings.Join(got, " ") != want {
			t.Errorf("round %d: got %v, want %s", round, got, want)
		}
		if err := s.Exec(t.Context(), "drop view stream"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStreamFails(t *testing.T) {
	s := open(t, Settings{Threads: 1, Streams: true})
	cause := errors.New("disk on fire")
	for name, next := range map[string]func(*Batch) error{
		"error": func(*Batch) error { return cause },
		"panic": func(*Batch) error { panic("disk on fire") },
	} {
		stop, err := s.Stream(t.Context(), name, 1, next)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Rows(t.Context(), "select c0 from "+name); err == nil {
			t.Errorf("%s: the query succeeded", name)
		}
		if err := stop(); err == nil || !strings.Contains(err.Error(), "disk on fire") {
			t.Errorf("%s: stop gave %v", name, err)
		}
	}
}

func TestCancel(t *testing.T) {
	s := open(t, Settings{Threads: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Exec(ctx, "select count(*) from range(100000000) a, range(1000) b"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, Settings{Closed: true})
	if err := s.Exec(t.Context(), "copy (select 1) to '"+t.TempDir()+"/x.csv'"); err == nil {
		t.Error("a closed instance wrote a file")
	}
	if err := s.Exec(t.Context(), "set enable_external_access = true"); err == nil {
		t.Error("settings are not locked")
	}
}
