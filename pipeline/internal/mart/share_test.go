package mart

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var shareMounted = flag.Bool("share", false, "also try a file system without links and modes, mounted by exfat-fuse; this needs root, and the packages exfat-fuse and exfatprogs")

// A share is a folder that can be disconnected and reconnected, with the error meanwhile.
type share struct {
	dir        string
	away, back func()
	gone       string
}

// plainShare is a folder of this disk, disconnected by renaming it.
func plainShare(t *testing.T) share {
	s := share{dir: filepath.Join(t.TempDir(), "share")}
	aside := s.dir + "-aside"
	rename := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}
	s.away, s.back = func() { rename(s.dir, aside) }, func() { rename(aside, s.dir) }
	s.gone = "no such file or directory"
	return s
}

// An exfat is a disk of a few megabytes in a file, mounted on the folder of a share.
type exfat struct {
	*testing.T
	share
	loop string
}

func newExfat(t *testing.T) *exfat {
	x := &exfat{T: t}
	image := filepath.Join(t.TempDir(), "schijf")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 4<<20)); err != nil {
		t.Fatal(err)
	}
	x.command("mkfs.exfat", image)
	x.loop = x.command("losetup", "--find", "--show", image)
	t.Cleanup(func() { x.command("losetup", "--detach", x.loop) })
	x.dir = filepath.Join(t.TempDir(), "share")
	if err := os.Mkdir(x.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	x.mount("rw")
	t.Cleanup(x.unmount)
	x.away, x.back, x.gone = x.unmount, func() { x.mount("rw") }, "it has no .inbeeld; mount the share again"
	return x
}

func (x *exfat) command(name string, args ...string) string {
	x.Helper()
	out, err := exec.Command(name, args...).CombinedOutput() //nolint:noctx // also called when the test has ended
	if err != nil {
		x.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (x *exfat) mount(how string) { x.command("mount.exfat-fuse", "-o", how, x.loop, x.dir) }

// unmount also succeeds while a file there is open, like a share that loses its connection.
func (x *exfat) unmount() {
	if err := unix.Unmount(x.dir, unix.MNT_DETACH); err != nil {
		x.Error(err)
	}
}

func TestShare(t *testing.T) {
	cases := map[string]func(t *testing.T){"goes away": func(t *testing.T) { goesAway(t, plainShare(t)) }}
	if *shareMounted {
		for name, test := range map[string]func(t *testing.T, x *exfat){
			"copies": shareCopies, "goes away": func(t *testing.T, x *exfat) { goesAway(t, x.share) }, "full": shareFull, "read-only": shareReadOnly,
		} {
			cases["mounted "+name] = func(t *testing.T) { test(t, newExfat(t)) }
		}
	}
	for name, test := range cases {
		t.Run(name, test)
	}
}

// goesAway disconnects a share after every step of a copy. The copy fails and says why, writes nothing like
// a copy to the mount point, and succeeds once the share is back.
func goesAway(t *testing.T, to share) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	publishFiles(t, s, "nacht-2", night(2), second)
	for step := 1; ; step++ {
		if err := s.Switch("nacht-1"); err != nil {
			t.Fatal(err)
		}
		if version, err := s.CopyToDir(t.Context(), to.dir, false); version != "nacht-1" || err != nil {
			t.Fatalf("step %d: %q, %v", step, version, err)
		}
		if err := s.Switch("nacht-2"); err != nil {
			t.Fatal(err)
		}
		losing, steps, last := s, 0, ""
		losing.after = func(name string) {
			if steps++; steps == step {
				to.away()
				last = name
			}
		}
		version, err := losing.CopyToDir(t.Context(), to.dir, true)
		if steps < step {
			if version != "nacht-2" || err != nil || step < 8 {
				t.Errorf("after %d steps: %q, %v", steps, version, err)
			}
			return
		}
		if last == "copy manifest.json" { // all of it was there
			to.back()
			continue
		}
		if err == nil || version != "" || !strings.Contains(err.Error(), "it has no .inbeeld; mount the share again") && !strings.Contains(err.Error(), "no such file or directory") {
			t.Errorf("gone after %s: %q, %v", last, version, err)
		}
		if _, err := ReadManifest(to.dir); err == nil {
			t.Errorf("gone after %s: a manifest where it was", last)
		}
		if version, err := s.CopyToDir(t.Context(), to.dir, true); version != "" || err == nil || !strings.Contains(err.Error(), to.gone) {
			t.Errorf("gone after %s, the next time: %q, %v", last, version, err)
		}
		to.back()
		if version, err := s.CopyToDir(t.Context(), to.dir, true); version != "nacht-2" || err != nil {
			t.Errorf("gone after %s, when it is back: %q, %v", last, version, err)
		}
		if run, files := mirrorOf(t, to.dir); run != "nacht-2" || files["b.parquet"] != second["b.parquet"] {
			t.Errorf("gone after %s: run %s, %d files", last, run, len(files))
		}
	}
}

func shareCopies(t *testing.T, x *exfat) {
	probe := filepath.Join(x.dir, "probe")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(probe, probe+"-symlink") == nil || os.Link(probe, probe+"-link") == nil {
		t.Fatal("this file system has links, and proves nothing")
	}
	if err := errors.Join(os.Chmod(probe, 0o400), os.Remove(probe)); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	for i, files := range []map[string]string{first, second, first} {
		run := []string{"nacht-1", "nacht-2", "nacht-3"}[i]
		publishFiles(t, s, run, night(i+1), files)
		if version, err := s.CopyToDir(t.Context(), x.dir, i > 0); version != run || err != nil {
			t.Fatalf("%q, %v", version, err)
		}
		x.unmount() // what is there must not be in memory only
		x.mount("rw")
		if got, copied := mirrorOf(t, x.dir); got != run || copied["b.parquet"] != files["b.parquet"] {
			t.Errorf("%s: run %s, %v", run, got, copied)
		}
	}
}

func shareFull(t *testing.T, x *exfat) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	if _, err := s.CopyToDir(t.Context(), x.dir, false); err != nil {
		t.Fatal(err)
	}
	large := map[string]string{"a.parquet": "same", "b.parquet": strings.Repeat("vol", 2<<20)}
	publishFiles(t, s, "nacht-2", night(2), large)
	want := "copy b.parquet: write " + filepath.Join(x.dir, "b.parquet.tmp-inbeeld") + ": no space left on device"
	if version, err := s.CopyToDir(t.Context(), x.dir, true); version != "" || err == nil || err.Error() != want {
		t.Errorf("%q, %v", version, err)
	}
	publishFiles(t, s, "nacht-3", night(3), second)
	if version, err := s.CopyToDir(t.Context(), x.dir, true); version != "nacht-3" || err != nil {
		t.Errorf("%q, %v", version, err)
	}
	if run, files := mirrorOf(t, x.dir); run != "nacht-3" || files["b.parquet"] != second["b.parquet"] {
		t.Errorf("run %s, %d files", run, len(files))
	}
}

func shareReadOnly(t *testing.T, x *exfat) {
	s := newStore(t)
	publishFiles(t, s, "nacht-1", night(1), first)
	if _, err := s.CopyToDir(t.Context(), x.dir, false); err != nil {
		t.Fatal(err)
	}
	publishFiles(t, s, "nacht-2", night(2), second)
	x.unmount()
	x.mount("ro")
	want := "remove " + filepath.Join(x.dir, "manifest.json") + ": read-only file system"
	if version, err := s.CopyToDir(t.Context(), x.dir, true); version != "" || err == nil || err.Error() != want {
		t.Errorf("%q, %v", version, err)
	}
	if run, files := mirrorOf(t, x.dir); run != "nacht-1" || files["b.parquet"] != first["b.parquet"] {
		t.Errorf("run %s, %d files", run, len(files))
	}
	x.unmount()
	x.mount("rw")
	if version, err := s.CopyToDir(t.Context(), x.dir, true); version != "nacht-2" || err != nil {
		t.Errorf("%q, %v", version, err)
	}
}
