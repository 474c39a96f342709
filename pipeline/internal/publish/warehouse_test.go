package publish

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
)

func TestPublishWarehouseToGroup(t *testing.T) {
	t.Parallel()
	own, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	if err != nil {
		t.Fatal(err)
	}
	modes, err := modesOf(Settings{Group: own.Name, InternGroup: own.Name})
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(data, "made.duckdb")
	for _, m := range []struct {
		modes      mart.Modes
		file, data os.FileMode
	}{{mart.Modes{}, 0o400, 0o700}, {modes, 0o440, 0o710}} {
		if err := os.WriteFile(made, nil, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(data, "warehouse.duckdb.wal"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		site := Site{Journal: &datadir.Journal{Dir: datadir.Dir{Path: data}}, Modes: m.modes}
		if err := site.ReplaceWarehouse(made); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]os.FileMode{filepath.Join(data, "warehouse.duckdb"): m.file, data: m.data} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != want || info.Sys().(*syscall.Stat_t).Gid != uint32(os.Getgid()) {
				t.Errorf("%s has mode %04o, want %04o and group %s", path, info.Mode().Perm(), want, own.Name)
			}
		}
		if _, err := os.Stat(filepath.Join(data, "warehouse.duckdb.wal")); !errors.Is(err, os.ErrNotExist) {
			t.Error("the log of an older warehouse is still there")
		}
	}
}

func TestUnknownGroup(t *testing.T) {
	t.Parallel()
	var misuse *usage.Error
	if _, err := modesOf(Settings{Group: "bestaat-hier-niet"}); !errors.As(err, &misuse) {
		t.Errorf("got %v, want a usage error", err)
	}
}
