package pipeline

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/testing/need"
)

// promptly is how long a run may take to stop when it is interrupted.
const promptly = 2 * time.Second

// interrupted runs until stop is called, by a boundary or by time, and judges the result.
func (k *killing) interrupted(t *testing.T, n nightCase, project, at string, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked time.Time
	o := nightOptions(n.data, project)
	o.Crash = func(point string) {
		if point == at {
			time.AfterFunc(after, func() {
				asked = time.Now()
				cancel()
			})
			if after == 0 {
				<-ctx.Done()
			}
		}
	}
	result, err := Run(ctx, o)
	took := time.Since(asked)
	if took > promptly {
		t.Errorf("it took %v to stop", took)
	}
	switch {
	case err == nil:
		if result.Outcome != mart.Published || !maps.Equal(n.published(t), k.new) {
			t.Errorf("outcome %s, and the new version is not there", result.Outcome)
		}
		return
	case !errors.Is(err, context.Canceled) || result == nil || result.Outcome != mart.Interrupted:
		t.Fatalf("%+v, %v", result, err)
	}
	if got := n.published(t); !maps.Equal(got, k.old) && !maps.Equal(got, k.new) {
		t.Error("what is published is neither the old version nor the new one")
	}
	if status, err := (mart.Store{Dir: n.path("marts")}).ReadStatus(); err != nil || status.Outcome != mart.Interrupted {
		t.Errorf("status %+v, %v", status, err)
	}
	if remains, err := os.ReadDir(n.path("work")); err != nil || len(remains) > 0 {
		t.Errorf("work holds %v, %v", remains, err)
	}
	if err := k.again(t.Context(), n); err != nil {
		t.Error(err)
	}
}

// A run that is interrupted stops soon, says so, and changes nothing that people read.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	k := nightKillings(t)[1]
	for i, at := range k.boundaries {
		if i%need.Count(3, 1) > 0 {
			continue
		}
		t.Run(at, func(t *testing.T) { k.interrupted(t, k.before.copy(t), k.before.project, at, 0) })
	}
	for _, after := range []time.Duration{10, 50, 100} {
		t.Run("after plan", func(t *testing.T) {
			k.interrupted(t, k.before.copy(t), k.before.project, "plan", after*time.Millisecond)
		})
	}
	t.Run("in a model without end", func(t *testing.T) {
		endless := nightProject(t, map[string]string{"project/sql/staging/personen.sql": nightEndless})
		k.interrupted(t, k.before.copy(t), endless, "load", 500*time.Millisecond)
	})
}

// nightEndless is a model that takes longer than anybody can wait.
const nightEndless = `-- description: Personen per peildatum.
-- grain: [peildatum, persoon_id]
-- per: peildatum
select
    getvariable('peildatum')::date as peildatum,
    max(md5(a.persoon_id || b.persoon_id || c.persoon_id || d.persoon_id || e.persoon_id || f.persoon_id || g.persoon_id)) as persoon_id,
    max(a.gemeente) as gemeente,
    max(b.opmerking) as opmerking
from raw.personen as a
cross join raw.personen as b
cross join raw.personen as c
cross join raw.personen as d
cross join raw.personen as e
cross join raw.personen as f
cross join raw.personen as g
`

// No more room on the disk, wherever it happens: the run fails and names the file, what is published
// stays, and the next run publishes.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	nights := nightKillings(t)
	for i, limits := range [][]uint64{{1_000, 100_000}, {100, 500, 2_000, 5_000, 400_000}} {
		k := nights[i]
		for _, limit := range limits {
			t.Run(k.name, func(t *testing.T) {
				n := k.before.copy(t)
				killed, err := nightProcessed(t.Context(), nightOrder{Data: n.data, Project: n.project, FileLimit: limit}, func(*os.Process) {})
				if killed || err == nil || !strings.Contains(err.Error(), n.data) || !strings.Contains(strings.ToLower(err.Error()), "file too large") {
					t.Errorf("with files of at most %d bytes: killed %v, %v", limit, killed, err)
				}
				if got := n.published(t); !maps.Equal(got, k.old) {
					t.Errorf("with files of at most %d bytes something was published: %v", limit, got)
				}
				if err := k.again(t.Context(), n); err != nil {
					t.Errorf("after files of at most %d bytes: %v", limit, err)
				}
			})
		}
	}
}

// A folder that cannot be written to, because something else has its name: the same.
func TestObstacles(t *testing.T) {
	t.Parallel()
	k := nightKillings(t)[1]
	for _, obstacle := range []string{"lake/personen", "lake/banen", "quarantine/banen", "stand", "runs", "marts/versions", "warehouse.duckdb"} {
		t.Run(obstacle, func(t *testing.T) {
			n := k.before.copy(t)
			path := n.path(filepath.FromSlash(obstacle))
			aside := filepath.Join(t.TempDir(), "aside")
			if err := os.Rename(path, aside); err != nil {
				t.Fatal(err)
			}
			if obstacle == "warehouse.duckdb" {
				nightWrite(t, filepath.Join(path, "x"), "")
			} else {
				nightWrite(t, path, "")
			}
			_, err := Run(t.Context(), nightOptions(n.data, n.project))
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("the error does not name %s: %v", path, err)
			}
			if err := errors.Join(os.RemoveAll(path), os.Rename(aside, path)); err != nil {
				t.Fatal(err)
			}
			if obstacle != "warehouse.duckdb" { // that one is in the way only behind the switch
				if got := n.published(t); !maps.Equal(got, k.old) {
					t.Errorf("something was published: %v", got)
				}
			}
			if err := k.again(t.Context(), n); err != nil {
				t.Error(err)
			}
		})
	}
}

// A data directory in which nothing may be written: the run fails before it does anything.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	k := nightKillings(t)[1]
	n := k.before.copy(t)
	project := n.project
	order := nightOrder{Data: n.data, Project: project}
	var cmd *exec.Cmd
	if os.Geteuid() == 0 { // modes do not hold root back, so it is done by somebody else
		shared, err := os.MkdirTemp("", "inbeeld-night-*") //nolint:usetesting // others cannot reach what is below t.TempDir
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(shared) })
		order = nightOrder{Data: filepath.Join(shared, "data"), Project: filepath.Join(shared, "project")}
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		script := `cp -a "$1" "$2/data" && cp -a "$3" "$2/project" && cp "$4" "$2/night" && chown -R 65534 "$2" && chmod -R a+rX "$2" && chmod 600 "$2/data/secrets/pseudonym.key"`
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", script, "sh", n.data, shared, project, self).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		cmd = nightCommand(t.Context(), order)
		cmd.Path = filepath.Join(shared, "night")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = shared
	} else {
		cmd = nightCommand(t.Context(), order)
	}
	before := nightTree(t, order.Data)
	if out, err := exec.CommandContext(t.Context(), "chmod", "-R", "a-w", order.Data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), order.Data) || !strings.Contains(string(out), "permission denied") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), "chmod", "-R", "u+w", order.Data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if after := nightTree(t, order.Data); !maps.Equal(before, after) {
		t.Errorf("files changed: %v, %v", before, after)
	}
}
