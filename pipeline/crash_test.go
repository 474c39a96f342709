package pipeline

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/testing/need"
)

var (
	nightSeed  = flag.Uint64("night-seed", 0, "seed of the random moments at which runs are killed; 0 draws one")
	nightKills = flag.Int("night-kills", need.Count(20, 200), "how many runs are killed at a random moment")
)

// A killing is a night that is to be killed: how the data directory is before it, and what is
// published before it and after an undisturbed one.
type killing struct {
	name        string
	before      nightCase
	old, new    map[string]string
	boundaries  []string      // the points of the undisturbed run, in order
	undisturbed time.Duration // of a run in a process of its own, from its first line
}

// shared is what tests have in common; it is made by the first that needs it and removed by TestMain.
var shared struct {
	dir, once, demo sync.Once
	root            string
	killings        []*killing
	demoData        string
}

// sharedDir makes a folder that outlives the test.
func sharedDir(t testing.TB) string {
	t.Helper()
	shared.dir.Do(func() {
		var err error
		if shared.root, err = os.MkdirTemp("", "inbeeld-nights-*"); err != nil { //nolint:usetesting // it outlives the test
			t.Fatal(err)
		}
	})
	dir, err := os.MkdirTemp(shared.root, "") //nolint:usetesting // it outlives the test
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sharedTB makes what outlives the test that makes it.
type sharedTB struct{ testing.TB }

func (s sharedTB) TempDir() string { return sharedDir(s.TB) }

// nightKillings are the first night ever, and a second one with a correction, the next quarter and a
// delivery that is refused.
func nightKillings(t *testing.T) []*killing {
	t.Helper()
	shared.once.Do(func() {
		tb := sharedTB{t}
		one := newNight(tb, nightProject(tb, nil))
		one.first(tb)
		first := newKilling(tb, "first", one)
		two := one.copy(tb)
		two.publishes(tb)
		two.second(tb)
		second := newKilling(tb, "second", two)
		if maps.Equal(second.old, second.new) || len(first.old) != 0 || len(first.new) == 0 {
			t.Fatal("the nights do not publish what they should")
		}
		shared.killings = []*killing{first, second}
	})
	if shared.killings == nil {
		t.Fatal("the nights could not be made, see another test")
	}
	return shared.killings
}

func newKilling(t testing.TB, name string, before nightCase) *killing {
	t.Helper()
	k := &killing{name: name, before: before, old: before.published(t)}
	after := before.copy(t)
	o := nightOptions(after.data, after.project)
	o.Crash = func(at string) { k.boundaries = append(k.boundaries, at) }
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	k.new = after.published(t)
	if err := k.recovered(t.Context(), after); err != nil {
		t.Fatalf("undisturbed: %v", err)
	}
	timed := before.copy(t)
	began := time.Time{}
	killed, err := nightProcessed(t.Context(), nightOrder{Data: timed.data, Project: timed.project}, func(*os.Process) { began = time.Now() })
	k.undisturbed = time.Since(began)
	if killed || err != nil {
		t.Fatalf("undisturbed: killed %v, %v", killed, err)
	}
	return k
}

// nightProcessed runs an order in a process of its own and calls began when its run begins. It tells
// whether the process was killed; how it failed otherwise is the error.
func nightProcessed(ctx context.Context, order nightOrder, began func(*os.Process)) (killed bool, err error) {
	cmd := nightCommand(ctx, order)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err == nil && line == "begin\n" {
		began(cmd.Process)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		return false, err
	}
	switch err := cmd.Wait(); {
	case nightKilled(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%w: %s", err, stderr.String())
	}
	return false, nil
}

// left judges what a killed run left behind.
func (k *killing) left(ctx context.Context, n nightCase) error {
	now, err := nightPublished(n.data)
	if err != nil {
		return fmt.Errorf("after the kill: %w", err)
	}
	if !maps.Equal(now, k.old) && !maps.Equal(now, k.new) {
		return errors.New("after the kill something is published that is neither the old version nor the new one")
	}
	if _, err := os.Stat(n.path("warehouse.duckdb")); err == nil {
		if err := nightOpens(ctx, n.path("warehouse.duckdb")); err != nil {
			return fmt.Errorf("after the kill: %w", err)
		}
	}
	return nil
}

// recovered judges a data directory after a run that went well.
func (k *killing) recovered(ctx context.Context, n nightCase) error {
	now, err := nightPublished(n.data)
	if err != nil {
		return err
	}
	if !maps.Equal(now, k.new) {
		return fmt.Errorf("published is not what an undisturbed run publishes: %v, not %v", now, k.new)
	}
	if err := nightWarehouse(ctx, n.data); err != nil {
		return err
	}
	remains, err := nightRemains(n.data)
	if len(remains) > 0 {
		err = errors.Join(err, fmt.Errorf("left behind: %v", remains))
	}
	return err
}

// again runs on what a kill left, and judges the result.
func (k *killing) again(ctx context.Context, n nightCase) error {
	result, err := Run(ctx, nightOptions(n.data, n.project))
	if err != nil {
		return fmt.Errorf("run after the kill: %w", err)
	}
	if result.Outcome != mart.Published && result.Outcome != mart.NothingToDo {
		return fmt.Errorf("run after the kill: outcome %s", result.Outcome)
	}
	if err := k.recovered(ctx, n); err != nil {
		return fmt.Errorf("after the run after the kill: %w", err)
	}
	return nil
}

// A run that kills itself at a boundary leaves the old version or the new one, whole, and the next
// run ends where an undisturbed one would have.
func TestKilledAtEveryBoundary(t *testing.T) {
	t.Parallel()
	for _, k := range nightKillings(t) {
		for _, want := range []string{"plan", "extract", "load", "transform", "audit", "staged", "warehouse", "switched", "warehouse published", "publish"} {
			if !slices.Contains(k.boundaries, want) {
				t.Errorf("the %s night passes no boundary %q: %v", k.name, want, k.boundaries)
			}
		}
		for i, at := range k.boundaries {
			if i%need.Count(3, 1) > 0 {
				continue
			}
			t.Run(k.name+" "+at, func(t *testing.T) {
				n := k.before.copy(t)
				killed, err := nightProcessed(t.Context(), nightOrder{Data: n.data, Project: n.project, KillAt: i + 1}, func(*os.Process) {})
				if !killed || err != nil {
					t.Fatalf("the run was not killed: %v", err)
				}
				if err := errors.Join(k.left(t.Context(), n), k.again(t.Context(), n)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Killed at any moment: the same.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	seed := *nightSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; give it with -night-seed to draw the same moments", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killings := nightKillings(t)
	type round struct {
		killing *killing
		moment  float64 // as a share of how long a run takes
	}
	takes := map[*killing]time.Duration{} // the quickest run until now: how busy the machine is changes
	for _, k := range killings {
		takes[k] = k.undisturbed
	}
	rounds := make(chan round, *nightKills)
	for i := range *nightKills {
		k := killings[i%len(killings)]
		rounds <- round{k, random.Float64() * 1.3}
	}
	close(rounds)
	var mu sync.Mutex
	hit := 0
	var wg sync.WaitGroup
	scratch := t.TempDir()
	for worker := range 2 {
		wg.Go(func() {
			n := nightCase{data: filepath.Join(scratch, fmt.Sprint("worker", worker)), project: killings[0].before.project}
			for r := range rounds {
				mu.Lock()
				delay := time.Duration(r.moment * float64(takes[r.killing]))
				mu.Unlock()
				killed, took, err := r.killing.kill(t.Context(), n, delay)
				mu.Lock()
				if killed {
					hit++
				} else {
					takes[r.killing] = min(takes[r.killing], took)
				}
				mu.Unlock()
				if err != nil {
					t.Errorf("%s nightCase, killed after %v: %v", r.killing.name, delay, err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d of %d runs were killed before their end; an undisturbed one takes %v and %v", hit, *nightKills, killings[0].undisturbed, killings[1].undisturbed)
	if hit < *nightKills/4 {
		t.Errorf("only %d of %d runs were still going when they were to be killed", hit, *nightKills)
	}
}

// kill does one round in the folder n, which it makes anew, and tells how long the run went on.
func (k *killing) kill(ctx context.Context, n nightCase, delay time.Duration) (killed bool, took time.Duration, err error) {
	if err := os.RemoveAll(n.data); err != nil {
		return false, 0, err
	}
	if out, err := exec.CommandContext(ctx, "cp", "-a", k.before.data, n.data).CombinedOutput(); err != nil {
		return false, 0, fmt.Errorf("%w: %s", err, out)
	}
	var timer *time.Timer
	var began time.Time
	killed, err = nightProcessed(ctx, nightOrder{Data: n.data, Project: n.project}, func(p *os.Process) {
		began = time.Now()
		timer = time.AfterFunc(delay, func() { _ = p.Kill() })
	})
	took = time.Since(began)
	if timer != nil {
		timer.Stop()
	}
	if err != nil {
		return killed, took, err
	}
	return killed, took, errors.Join(k.left(ctx, n), k.again(ctx, n))
}
