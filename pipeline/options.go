package pipeline

import (
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
)

// Options of a run.
type Options struct {
	// Scope is what the run reads. One that is restricted by Asof takes nothing in and writes what it
	// would publish to Out.
	Scope
	Publish PublishSettings
	// Alerts say who is told what; without recipients nobody is.
	Alerts notify.Settings
	// MaxDelivery is the largest file that is taken in, in the notation of MemoryLimit; "" is 10GB.
	MaxDelivery string
	// KeepRuns is how many runs stay in the ledger; 0 is 1000.
	KeepRuns int
	// Fresh ignores stored results and computes everything again.
	Fresh bool
	// Out is a new folder that receives the marts instead of a publication; the run takes nothing in.
	Out string
	// Select names models to compute, for development; such a run takes nothing in and publishes
	// nothing.
	Select []string
	// Window makes this the run of a window: its id follows from it, and a window that was decided
	// before is not run again.
	Window *project.Window
	// IgnoreRoom starts even when the disk has less room than a run is expected to need.
	IgnoreRoom bool
	// Patient waits while another run holds the lock, instead of giving up at once.
	Patient bool
	// Progress, if set, is called as a stage advances.
	Progress func(stage string, done, total int)
	// Crash, if set, is called at every stage boundary, for tests that kill the run there.
	Crash func(at string)
}

// A Result is how a run ended.
type Result struct {
	Run      *ledger.Run
	Outcome  mart.Outcome
	Blocks   []string // why publication was withheld
	Refused  int      // deliveries that are refused now
	Alarms   int      // alarms on the last stand of each check
	Missed   []mart.Missed
	Version  string // folder of the version in current, "" when there is none
	Findings []ledger.Finding
	Selected []Selected // of a run with Select
}

// Outcomes of runs that do not publish.
const (
	Exported mart.Outcome = "exported"
	Computed mart.Outcome = "computed"
)

// Site is where a command that is no run publishes.
func (o Options) Site() (*Site, error) {
	return newSite(&Journal{Dir: o.Dir, Crash: o.Crash}, o.Publish)
}
