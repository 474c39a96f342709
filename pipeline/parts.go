package pipeline

import (
	"context"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources"
)

// A Dir is a data directory with what a process needs to work in it.
type Dir struct {
	// Path of the data directory; it exists.
	Path string
	// KeyFile is the pseudonym key; "" is secrets/pseudonym.key in the data directory.
	KeyFile string
	// MemoryLimit of all DuckDB instances together, in DuckDB's notation; "" is 2GB.
	MemoryLimit string
	// Spill is a local directory for what does not fit in memory; "" is work/ in the data directory.
	Spill string
	// Threads is the number of models, loads or marts in progress at once; 0 is one per processor.
	Threads int
	// Free returns the free bytes of the disk of a folder; nil asks the disk.
	Free func(folder string) (int64, error)
	// Now is the clock.
	Now func() time.Time
	// Wait lets time pass; tests and demos return at once.
	Wait func(context.Context, time.Duration) error
	// Jitter returns a random number from 0 to 1, for the pauses between attempts; nil is 0.
	Jitter func() float64
	// Env looks up secrets that contracts and alerts name; nil is an empty environment.
	Env func(name string) string
	Log zerolog.Logger
	// User is the system user, and Who the person it acts for, for the processing log; an empty User
	// is the number of the user, an empty Who is nobody by name.
	User, Who string
}

// A Journal records a run as it goes: notes and disk use in the ledger, progress on the terminal.
type Journal struct {
	Dir
	// Run is the entry in the ledger; nil for a command that is no run.
	Run    *ledger.Run
	Ledger ledger.Ledger
	// Work is the scratch folder of the run.
	Work string
	// Progress, if set, is called as a stage advances.
	Progress func(stage string, done, total int)
	// Crash, if set, is called at every stage boundary, for tests that kill the run there.
	Crash func(at string)

	room roomMeter
}

// Asof restricts what is known to deliveries about dates up to Peildatum, and received before
// Received; zero values restrict nothing.
type Asof struct {
	Peildatum string
	Received  time.Time
}

// Retention says how many days things stay.
type Retention struct {
	// Landing is for the original of a delivery, after it was received last; 0 is 30. What was loaded
	// from it stays.
	Landing int
	// Lake is for what was loaded from a delivery, after it was received last; 0 is for ever. What is
	// still needed stays longer.
	Lake int
}

// A Scope says what to read: a data directory, the project, and as of when.
type Scope struct {
	Dir
	// ProjectDir is a folder laid over the embedded project, or "".
	ProjectDir string
	Asof
	Retain Retention
}

// A Book is all that is known of the deliveries of a data directory: what landed, what was decided,
// what became of each.
type Book struct {
	Dir
	Asof
	Retain  Retention
	Project *project.Project
	// Key is the pseudonym key, once it is opened.
	Key *pseudonym.Key

	Deliveries []sources.Delivery
	Decisions  []sources.Decision
	Loads      map[string]*lake.Load // by lake.Key
	state      *sources.State        // of these, once it was asked for
}

// PublishSettings say what is published, for whom, and where else.
type PublishSettings struct {
	// Intern publishes person-level marts too, in a folder of their own.
	Intern bool
	// Group and InternGroup are the system groups that may read the marts, and the person-level ones;
	// "" is nobody but the owner.
	Group, InternGroup string
	// CSV publishes a CSV copy of each mart that is not intern, for spreadsheets.
	CSV bool
	// To is a folder, such as a share, or an object store that also receives what is published, except
	// person-level marts. Without a kind it is none.
	To sources.From
	// Keep is how many versions stay; 0 is 14.
	Keep int
}

// A Site is where a data directory publishes.
type Site struct {
	*Journal
	Store   mart.Store
	Modes   mart.Modes
	Publish PublishSettings
}

// newSite looks up the groups that may read.
func newSite(j *Journal, settings PublishSettings) (*Site, error) {
	modes, err := modesOf(settings)
	if err != nil {
		return nil, err
	}
	return &Site{Journal: j, Store: mart.Store{Dir: filepath.Join(j.Path, "marts")}, Modes: modes, Publish: settings}, nil
}

var _ = fingerprint.Of
var _ = filepath.Join
