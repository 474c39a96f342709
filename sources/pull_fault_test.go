package sources

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// TestPullGoesOnAfterAFault breaks one step for one file, and expects that other files land, that nothing is
// left unfinished, and that the next pull lands the rest.
func TestPullGoesOnAfterAFault(t *testing.T) {
	disk := &fs.PathError{Op: "read", Path: "sonar_20200930.csv", Err: syscall.ENOSPC}
	fails := func(name string) error {
		if name == "sonar_20200930.csv" {
			return disk
		}
		return nil
	}
	const left = "inbox/sonar/sonar_20200930.csv"
	others := []string{"landed register register_20201231.csv as 1", "landed sonar sonar_20201231.csv as 2"}
	for _, c := range []struct {
		name        string
		fault       broken
		first, next []string
	}{
		{
			"open",
			broken{open: fails},
			append(others, "failed inbox/sonar sonar_20200930.csv: read sonar_20200930.csv: no space left on device"),
			[]string{"landed sonar sonar_20200930.csv as 3"},
		},
		{
			"read",
			broken{read: fails},
			append(others, "failed inbox/sonar sonar_20200930.csv: copy: read sonar_20200930.csv: no space left on device"),
			[]string{"landed sonar sonar_20200930.csv as 3"},
		},
		{
			"remove",
			broken{remove: fails},
			append(others, "landed sonar sonar_20200930.csv as 3", "failed inbox/sonar sonar_20200930.csv: the file was received, but could not be removed: "+
				"read sonar_20200930.csv: no space left on device; remove it, and allow the program to remove files there"),
			[]string{"repeated sonar sonar_20200930.csv: al ontvangen in een eerdere ronde"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.drop("inbox/register/register_20201231.csv", "abc", 1)
			b.drop("inbox/sonar/sonar_20201231.csv", "def", 2)
			b.drop(left, "slecht", 3)
			b.fault = func(inner place.Connector) place.Connector { c.fault.Connector = inner; return c.fault }
			b.want(b.pull(), c.first...)
			b.inbox(left)
			b.nothingHidden()
			b.fault = func(inner place.Connector) place.Connector { return inner }
			b.want(b.pull(), c.next...)
			b.inbox()
			if n := len(b.deliveries()); n != 3 {
				t.Errorf("%d deliveries", n)
			}
			for _, d := range b.deliveries() {
				if len(d.Receipts) != 1 {
					t.Errorf("%s has %d receipts", d.ID, len(d.Receipts))
				}
			}
		})
	}
}

func TestPullGoesOnAfterAFolderThatCannotBeListed(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/register/register_20201231.csv", "abc", 1)
	b.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
	b.fault = func(inner place.Connector) place.Connector {
		if strings.HasSuffix(inner.(place.Directory).Path, "register") {
			return broken{Connector: inner, list: func(string) error { return fs.ErrPermission }}
		}
		return inner
	}
	b.want(b.pull(), "landed sonar sonar_20201231.csv as 1", "failed inbox/register : permission denied")
}

func TestPullFaultOnTheSecondReceipt(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/sonar/sonar_20201231.csv", "slecht", 1)
	b.pull()
	b.drop("inbox/sonar/sonar_20201231.csv", "slecht", 2)
	b.fault = func(inner place.Connector) place.Connector {
		return broken{Connector: inner, remove: func(string) error { return fs.ErrPermission }}
	}
	if res := b.pull(); len(res.Landed) != 1 || len(res.Failed) != 1 {
		t.Errorf("%+v", res)
	}
	b.fault = func(inner place.Connector) place.Connector { return inner }
	b.want(b.pull(), "repeated sonar sonar_20201231.csv: al ontvangen in een eerdere ronde")
	if d := b.deliveries()[0]; len(d.Receipts) != 2 {
		t.Errorf("%d receipts", len(d.Receipts))
	}
}

func TestPullOfAFileThatChangesInBetween(t *testing.T) {
	const path = "inbox/sonar/sonar_20201231.csv"
	for name, c := range map[string]struct {
		fault func(b *sandbox) broken
		want  []string
	}{
		"before it is opened": {
			func(b *sandbox) broken {
				return broken{open: func(string) error { b.drop(path, "abcdefgh", 1); return nil }}
			},
			[]string{"growing inbox/sonar sonar_20201231.csv: groeit nog"},
		},
		"grows while read": {
			func(b *sandbox) broken {
				return broken{read: func(string) error { b.drop(path, "abcdefgh", 1); return nil }}
			},
			[]string{"growing inbox/sonar sonar_20201231.csv: groeit nog"},
		},
		"same size, other time": {
			func(b *sandbox) broken {
				return broken{read: func(string) error { b.drop(path, "ABCD", 2); return nil }}
			},
			[]string{"growing inbox/sonar sonar_20201231.csv: groeit nog"},
		},
		"gone when opened": {
			func(b *sandbox) broken {
				return broken{open: func(string) error { return os.Remove(filepath.Join(b.data, path)) }}
			},
			[]string{"growing inbox/sonar sonar_20201231.csv: groeit nog"},
		},
		"after it landed": {
			func(b *sandbox) broken {
				return broken{remove: func(string) error { b.drop(path, "ABCD", 2); return nil }}
			},
			[]string{"landed sonar sonar_20201231.csv as 1", "growing inbox/sonar sonar_20201231.csv: groeit nog"},
		},
		"gone when removed": {
			func(b *sandbox) broken {
				return broken{remove: func(string) error { return os.Remove(filepath.Join(b.data, path)) }}
			},
			[]string{"landed sonar sonar_20201231.csv as 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.drop(path, "abcd", 1)
			b.fault = func(inner place.Connector) place.Connector {
				f := c.fault(b)
				f.Connector = inner
				return f
			}
			b.want(b.pull(), c.want...)
			b.nothingHidden()
		})
	}
}

func TestPullStopsWithItsContext(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/register/register_20201231.csv", "abcd", 1)
	b.drop("inbox/sonar/sonar_20201231.csv", "abcd", 1)
	ctx, cancel := context.WithCancel(t.Context())
	b.fault = func(inner place.Connector) place.Connector {
		return broken{Connector: inner, read: func(name string) error {
			if name == "sonar_20201231.csv" {
				cancel()
			}
			return nil
		}}
	}
	res, err := b.try(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.want(res, "landed register register_20201231.csv as 1")
	b.inbox("inbox/sonar/sonar_20201231.csv")
	b.nothingHidden()
	if _, err := b.try(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.wait = func() {}
	waiting, stop := context.WithCancel(t.Context())
	b.wait = stop
	if _, err := b.try(waiting); !errors.Is(err, context.Canceled) || b.waits != 2 {
		t.Errorf("got %v after %d waits", err, b.waits)
	}
	b.wait = func() {}
	b.want(b.pull(), "landed sonar sonar_20201231.csv as 2")
}

func TestPullMaxSize(t *testing.T) {
	b := newBench(t)
	b.max = 4
	b.drop("inbox/register/register_20201231.csv", "abcd", 1)
	b.drop("inbox/sonar/sonar_20201231.csv", "abcde", 1)
	b.want(b.pull(), "landed register register_20201231.csv as 1",
		"failed inbox/sonar sonar_20201231.csv: the file has 5 bytes, which exceeds the limit of 4; split it or raise the limit")
	b.inbox("inbox/sonar/sonar_20201231.csv")
}

// TestPullAfterACrash writes what a crash at each moment leaves, and expects the next pull to give the same
// landing as one without a crash.
func TestPullAfterACrash(t *testing.T) {
	undisturbed := newBench(t)
	undisturbed.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
	undisturbed.pull()
	whole := undisturbed.deliveries()[0]
	for name, crash := range map[string]func(landing string) error{
		"while copying": func(landing string) error {
			return errors.Join(os.MkdirAll(filepath.Join(landing, ".landing-1"), 0o700),
				os.WriteFile(filepath.Join(landing, ".landing-1", "sonar_20201231.csv"), []byte("a"), 0o600))
		},
		"before the rename": func(landing string) error {
			return errors.Join(os.MkdirAll(landing, 0o700), os.CopyFS(filepath.Join(landing, ".landing-1"), os.DirFS(whole.Dir(undisturbed.data))))
		},
		"before the removal": func(landing string) error {
			return errors.Join(os.MkdirAll(landing, 0o700), os.CopyFS(filepath.Join(landing, whole.ID), os.DirFS(whole.Dir(undisturbed.data))))
		},
		"while a further receipt is written": func(landing string) error {
			return errors.Join(os.MkdirAll(filepath.Join(landing, ".landing-1"), 0o700),
				os.CopyFS(filepath.Join(landing, whole.ID), os.DirFS(whole.Dir(undisturbed.data))),
				os.WriteFile(filepath.Join(landing, ".landing-1", ".delivery.json.tmp-1"), []byte("{"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
			if err := crash(filepath.Join(b.data, "landing/sonar")); err != nil {
				t.Fatal(err)
			}
			if _, err := delivery.ReadDeliveries(b.data); err != nil {
				t.Errorf("before the pull: %v", err)
			}
			for range 2 {
				b.pull()
				b.inbox()
				b.nothingHidden()
				if diff := cmp.Diff([]delivery.Delivery{whole}, b.deliveries()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestReadDeliveriesNamesDamage(t *testing.T) {
	for name, damage := range map[string]func(text string) string{
		"half":              func(s string) string { return s[:len(s)/2] },
		"empty":             func(string) string { return "" },
		"other source":      func(s string) string { return strings.Replace(s, `"sonar"`, `"register"`, 1) },
		"other id":          func(s string) string { return strings.Replace(s, `"2020-12-31-ba78`, `"2020-12-31-ba79`, 1) },
		"other peildatum":   func(s string) string { return strings.Replace(s, `: "2020-12-31"`, `: "2020-12-30"`, 1) },
		"other sha256":      func(s string) string { return strings.Replace(s, `: "ba7816`, `: "ca7816`, 1) },
		"no receipts":       func(s string) string { return strings.Replace(s, `"receipts"`, `"bonnen"`, 1) },
		"sequence 0":        func(s string) string { return strings.Replace(s, `"sequence": 1`, `"sequence": 0`, 1) },
		"sequence of other": func(s string) string { return strings.Replace(s, `"sequence": 1`, `"sequence": 2`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
			b.drop("inbox/sonar/sonar_20210331.csv", "abc", 2)
			b.pull()
			file := filepath.Join(b.data, "landing/sonar/2020-12-31-ba7816bf8f01/delivery.json")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, damage(string(text)))
			b.drop("inbox/sonar/sonar_20210630.csv", "abc", 3)
			if _, err := delivery.ReadDeliveries(b.data); err == nil || !strings.Contains(err.Error(), "delivery.json") || !strings.Contains(err.Error(), "2020-12-31-ba7816bf8f01") {
				t.Errorf("got %v", err)
			}
			if _, err := b.try(t.Context()); err == nil {
				t.Error("a pull went on")
			}
		})
	}
	b := newBench(t)
	if err := os.MkdirAll(filepath.Join(b.data, "landing/sonar/2020-12-31-ba7816bf8f01"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := delivery.ReadDeliveries(b.data); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "delivery.json") {
		t.Errorf("got %v", err)
	}
}

func TestPullOfTwoFilesWithTheSameShortHash(t *testing.T) {
	b := newBench(t)
	b.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
	b.pull()
	file := filepath.Join(b.data, "landing/sonar/2020-12-31-ba7816bf8f01/delivery.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), "ba7816bf8f01cfea", "ba7816bf8f01ffff", 1))
	decision := withdrawal(2, "2020-12-31-ba7816bf8f01")
	if err := delivery.WriteDecision(b.data, decision); err != nil {
		t.Fatal(err)
	}
	b.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
	if res := b.pull(); len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Err.Error(), "has the sha256 ba7816bf8f01ffff") {
		t.Errorf("%+v", res)
	}
	b.inbox("inbox/sonar/sonar_20201231.csv")
	b.nothingHidden()
}

func TestPullGoesOnWhenOneSourceCannotLand(t *testing.T) {
	b := newBench(t)
	if err := os.Mkdir(filepath.Join(b.data, "landing"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(b.data, "landing/register"), "a file where the folder should be")
	b.drop("inbox/register/register_20201231.csv", "abc", 1)
	b.drop("inbox/sonar/sonar_20201231.csv", "abc", 1)
	res := b.pull()
	if len(res.Landed) != 1 || len(res.Failed) != 1 || !errors.Is(res.Failed[0].Err, syscall.ENOTDIR) {
		t.Errorf("%+v", res)
	}
	b.inbox("inbox/register/register_20201231.csv")
}
