package pipeline

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/sources"
)

// Options of a run.
type Options struct {
	// Data is the data directory; it exists.
	Data string
	// Project is a folder laid over the embedded project, or "".
	Project string
	// KeyFile is the pseudonym key; "" is secrets/pseudonym.key in the data directory.
	KeyFile string
	// MemoryLimit of all DuckDB instances together, in DuckDB's notation; "" is 2GB.
	MemoryLimit string
	// Spill is a local directory for what does not fit in memory; "" is work in the data directory.
	Spill string
	// Threads is how many models, loads or marts are worked on side by side; 0 is one a processor.
	Threads int
	// Intern publishes person-level marts too, in a folder of their own.
	Intern bool
	// Group and InternGroup are names of groups of this system that may read the marts, and those of
	// persons; "" is nobody but the owner.
	Group, InternGroup string
	// CSV publishes a CSV twin of each mart that is not intern, for spreadsheets.
	CSV bool
	// PublishTo is a folder, such as a share, or an object store that what is published is copied to as
	// well, but for intern marts. Without a kind it is none.
	PublishTo sources.From
	// RetainLanding is how many days the original of a delivery stays after it was received last; 0 is
	// 30. What was loaded from it stays.
	RetainLanding int
	// RetainLake is how many days what was loaded from a delivery stays after it was received last; 0 is
	// for good. What is still needed stays longer.
	RetainLake int
	// Fresh distrusts kept results and computes everything again.
	Fresh bool
	// Peildatum and Received restrict a run to deliveries about dates up to it, and received before
	// it; such a run takes nothing in and writes what it would publish to Out.
	Peildatum string
	Received  time.Time
	Out       string
	// Select names models to compute, for development; such a run takes nothing in and publishes
	// nothing.
	Select []string
	// Window makes this the run of a window: its id follows from it, and a window that was decided
	// before is not run again.
	Window *project.Window
	// KeepRuns and KeepVersions are how many stay; 0 is 1000 and 14.
	KeepRuns, KeepVersions int
	// IgnoreRoom begins also when the disk has less room than a run is thought to need.
	IgnoreRoom bool
	// Free is how many bytes of the disk of a folder are free; nil asks the disk.
	Free func(folder string) (int64, error)
	// Patient waits while another run holds the lock, instead of giving up at once.
	Patient bool
	// Now is the clock.
	Now func() time.Time
	// Wait passes time; tests and demos need not.
	Wait func(context.Context, time.Duration) error
	// Jitter is a number from 0 to 1 by chance, for pauses before a host is asked again; nil is 0.
	Jitter func() float64
	// Env looks up secrets that contracts and alerts name; nil is an empty environment.
	Env func(name string) string
	// MaxDelivery is the largest file that is taken in, in the notation of MemoryLimit; "" is 10GB.
	MaxDelivery string
	Log         zerolog.Logger
	// Alerts say who is told what; without recipients nobody is.
	Alerts notify.Settings
	// User is the user of the system, and Who the person that it acts for, for the processing log; "" is
	// the number of the user, and nobody that is named.
	User, Who string
	// Progress hears how far a stage is; nil is nobody.
	Progress func(stage string, done, total int)
	// crash is called at every stage boundary, for tests that kill the run there.
	crash func(at string)
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
