package pipeline

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/contract"
)

// Options of a run.
type Options struct {
	// Scope is what the run reads. A run restricted by Asof takes no deliveries in and writes its marts
	// to Out.
	intake.Scope
	Publish publish.Settings
	// Alerts say who receives which messages; without recipients the run sends none.
	Alerts notify.Settings
	// MaxDelivery is the largest file a run accepts, in the notation of MemoryLimit; "" is 10GB.
	MaxDelivery string
	// KeepRuns is the number of runs in the ledger; 0 is 1000.
	KeepRuns int
	// Fresh ignores stored results and computes everything again.
	Fresh bool
	// Out is a new folder that receives the marts instead of a publication; the run takes no deliveries
	// in.
	Out string
	// Select names models to compute, for development; such a run takes no deliveries in and publishes
	// nothing.
	Select []string
	// Window is the window that this run is for; the run's id follows from it. A window that was decided
	// before does not run again.
	Window *project.Window
	// IgnoreDiskSpace starts the run even if the disk is too full for it.
	IgnoreDiskSpace bool
	// Patient waits for the lock instead of failing when another run holds it.
	Patient bool
	// Progress, if set, is called as a stage advances.
	Progress func(stage string, done, total int)
	// Crash, if set, is called at every stage boundary; tests kill the run there.
	Crash func(at string)
}

// A Result says how a run ended.
type Result struct {
	Run      *ledger.Run
	Outcome  mart.Outcome
	Blocks   []string // why the run did not publish
	Refused  int      // deliveries that are refused now
	Alarms   int      // alarms on the last stand of each check
	Missed   []mart.Missed
	Version  string // folder of the version in current, "" when there is none
	Findings []ledger.Finding
	Selected []transform.Selected // of a run with Select
}

// Site returns the site of a command outside a run.
func (o Options) Site() (*publish.Site, error) {
	return publish.NewSite(&datadir.Journal{Dir: o.Dir, Crash: o.Crash}, o.Publish)
}

// check refuses options that contradict each other.
func (o Options) check() error {
	restricted := o.Peildatum != "" || !o.Received.IsZero()
	switch {
	case o.Publish.To.Kind == contract.FromDir && datadir.Within(o.Publish.To.Address, o.Path):
		return usage.Errorf("publish: to is %s, inside the data directory; name a folder elsewhere", o.Publish.To.Address)
	case o.Retain.Landing < 0:
		return usage.Errorf("retention: landing is %d days; give 1 or more, or leave it out for %d", o.Retain.Landing, intake.RetainLanding)
	case o.Retain.Lake < 0 || o.Retain.Lake > 0 && o.Retain.Lake < cmp.Or(o.Retain.Landing, intake.RetainLanding):
		return usage.Errorf("retention: lake is %d days; give at least as many as landing (%d), or leave it out to keep everything", o.Retain.Lake, cmp.Or(o.Retain.Landing, intake.RetainLanding))
	case restricted && o.Out == "":
		return usage.Errorf("a run restricted by peildatum or receipt does not publish; say where it writes with --out DIR")
	case o.Out != "" && len(o.Select) > 0:
		return usage.Errorf("--out and --select do not go together: a development run writes no marts")
	case o.Window != nil && (o.Out != "" || len(o.Select) > 0):
		return usage.Errorf("the run of a window publishes; leave out --out and --select")
	case restricted && len(o.Select) > 0:
		return usage.Errorf("--select works on the deliveries in force; leave out --peildatum and --received-before")
	}
	if o.Peildatum != "" {
		if _, err := time.Parse(time.DateOnly, o.Peildatum); err != nil {
			return usage.Errorf("peildatum %q is no date; write it as 2020-12-31", o.Peildatum)
		}
	}
	if o.Out != "" {
		entries, err := os.ReadDir(o.Out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(entries) > 0 {
			return usage.Errorf("%s exists and is not empty; give --out a new directory", o.Out)
		}
	}
	return nil
}

// outside returns the outcome of a run that leaves the published marts alone, or "" for one that
// publishes.
func (o Options) outside() mart.Outcome {
	switch {
	case o.Out != "":
		return mart.Exported
	case len(o.Select) > 0:
		return mart.Computed
	}
	return ""
}
