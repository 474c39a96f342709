package serve

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/schedules"
)

// A Supervisor runs the schedules of one data directory. Tick and Replace must be called by a single
// goroutine; State may be called by others.
type Supervisor struct {
	Ledger ledger.Ledger
	// Index is the index of Ledger.
	Index *ledger.Index
	// Launch starts the child for an order.
	Launch func(Order) (Child, error)
	// Free reports whether no run has the lock of the data directory.
	Free func() (bool, error)
	// Current returns the published version, or "" if there is none.
	Current func() (string, error)
	// Inbox lists the files in the inboxes of the sources, or of all sources if none are named.
	Inbox func(sources []string) ([]Waiting, error)
	// Grace is how long a child may take to end after an interrupt; then it is killed.
	Grace time.Duration
	// MaxSleep is the longest time between two ticks, and so until a changed clock is noticed.
	MaxSleep time.Duration
	// Keep is the number of runs to keep in the ledger; 0 is all.
	Keep int
	// Elapsed is a monotonic clock: the time since some moment.
	Elapsed func() time.Duration
	Log     zerolog.Logger
	// Ended, if set, is called for every attempt that ended.
	Ended func(schedule, outcome string, seconds float64)
	// OnEvent, if set, is called when there is a new event in the ledger.
	OnEvent func()

	schedules []*schedules.Schedule
	started   bool // the first tick is done
	wrote     bool // this tick wrote a decision to the ledger
	going     *going
	busyUntil map[string]time.Duration // by id: when to retry windows that found the lock taken
	inbox     map[string]*arrivals     // by schedule
	pruned    string                   // the newest run at the last pruning

	mu    sync.Mutex
	state State
}

// State is the state of the service.
type State struct {
	// Order is the order of the child in progress, or nil.
	Order   *Order
	Started time.Time
	PID     int
	// Faults prevent the service from working; they are in English, for the operator.
	Faults []string
	// Ticked is the time of the last tick.
	Ticked time.Time
}

// An Order is a window that is due.
type Order struct {
	ID       string
	Schedule string
	Window   time.Time
}

// A Child is the process that carries out an order.
type Child interface {
	PID() int
	// Done is closed when the process has ended; Exit then returns how.
	Done() <-chan struct{}
	Exit() Exit
	// Interrupt asks the process and its descendants to stop; Kill forces them to.
	Interrupt() error
	Kill() error
}

// Exit is how a child ended: with a code, or by a signal.
type Exit struct {
	Code   int
	Signal string
	// LastLine is the last line of output meant for people.
	LastLine string
}

// going is the child in progress.
type going struct {
	order       Order
	schedule    *schedules.Schedule // as of the start of the child
	child       Child
	began       time.Time
	elapsed     time.Duration
	interrupted time.Duration // when it was asked to stop; 0 if it was not
	timedOut    bool
	killed      bool
}

// Replace replaces the schedules. It does not affect the child in progress.
func (s *Supervisor) Replace(list []*schedules.Schedule) { s.schedules = list }

// State returns the current state.
func (s *Supervisor) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Tick does what is due at now and returns how long until the next tick. With draining, it starts nothing
// new.
func (s *Supervisor) Tick(now time.Time, draining bool) time.Duration {
	var faults []string
	fault := func(err error) {
		if err != nil {
			s.Log.Error().Err(err).Msg("the service has a fault; it will try again")
			faults = append(faults, err.Error())
		}
	}
	fault(s.reap(now))
	s.limit()
	runs, err := s.records(now)
	fault(err)
	if err == nil {
		s.wrote = false
		fault(s.settle(now, runs))
		if s.wrote {
			runs, err = s.records(now)
			fault(err)
		}
	}
	if err == nil {
		fault(s.deadlines(now, runs))
		if !draining && s.going == nil {
			fault(s.begin(now, runs))
		}
		fault(s.prune(runs))
		s.started = true
	}
	s.mu.Lock()
	s.state.Order, s.state.PID = nil, 0
	if g := s.going; g != nil {
		s.state.Order, s.state.Started, s.state.PID = &g.order, g.began, g.child.PID()
	}
	s.state.Faults, s.state.Ticked = faults, now
	s.mu.Unlock()
	return s.sleep(now, runs)
}

// Going returns a channel that is closed when the child has ended, or nil if there is none.
func (s *Supervisor) Going() <-chan struct{} {
	if s.going == nil {
		return nil
	}
	return s.going.child.Done()
}

// limit interrupts a child that exceeds its timeout and kills it if it does not stop.
func (s *Supervisor) limit() {
	g := s.going
	if g == nil {
		return
	}
	if t := g.schedule.Timeout; t > 0 && g.interrupted == 0 && s.Elapsed()-g.elapsed >= t {
		g.timedOut = true
		s.Interrupt("it took longer than its timeout")
	}
	if g.interrupted > 0 && !g.killed && s.Elapsed()-g.interrupted >= s.Grace {
		g.killed = true
		s.Log.Warn().Str("run", g.order.ID).Msg("the run does not stop; killing it")
		if err := g.child.Kill(); err != nil {
			s.Log.Error().Err(err).Msg("kill the run")
		}
	}
}

// Interrupt asks the child to stop.
func (s *Supervisor) Interrupt(why string) {
	g := s.going
	if g == nil || g.interrupted > 0 {
		return
	}
	g.interrupted = max(s.Elapsed(), 1)
	s.Log.Warn().Str("run", g.order.ID).Msg("the run is interrupted: " + why)
	if err := g.child.Interrupt(); err != nil {
		s.Log.Error().Err(err).Msg("interrupt the run")
	}
}

// busyWait is how long a window waits after it found the lock taken.
const busyWait = time.Minute

// begin starts a child for the window that has waited the longest.
func (s *Supervisor) begin(now time.Time, runs []*ledger.Run) error {
	for _, r := range runs {
		if r.Window != nil && recordOf(r).State == schedules.Running {
			return nil // started by an earlier service, and still in progress
		}
	}
	var first *ledger.Run
	var of *schedules.Schedule
	for _, r := range runs {
		sch := s.schedule(r.Schedule)
		if r.Window == nil || sch == nil || s.Elapsed() < s.busyUntil[r.ID] {
			continue
		}
		if at, ok := sch.Ready(recordOf(r)); ok && !at.After(now) && (first == nil || r.ID < first.ID) {
			first, of = r, sch
		}
	}
	if first == nil {
		return nil
	}
	order := Order{ID: first.ID, Schedule: first.Schedule, Window: *first.Window}
	child, err := s.Launch(order)
	if err != nil {
		err = fmt.Errorf("start run %s: %w", order.ID, err)
		return errors.Join(err, s.failed(of, order, now, now, err.Error(), true))
	}
	delete(s.busyUntil, order.ID)
	s.going = &going{order: order, schedule: of, child: child, began: now, elapsed: s.Elapsed()}
	s.Log.Info().Str("run", order.ID).Int("pid", child.PID()).Int("attempt", len(first.Attempts)+1).Msg("run started")
	return nil
}

func (s *Supervisor) schedule(name string) *schedules.Schedule {
	i := slices.IndexFunc(s.schedules, func(sch *schedules.Schedule) bool { return sch.Name == name })
	if i < 0 {
		return nil
	}
	return s.schedules[i]
}

// prune removes old runs once there is a new one.
func (s *Supervisor) prune(runs []*ledger.Run) error {
	if s.Keep == 0 || len(runs) <= s.Keep || runs[0].ID == s.pruned || s.going != nil {
		return nil
	}
	s.pruned = runs[0].ID
	_, err := s.Ledger.Prune(s.Keep)
	return err
}

// sleep returns how long until the next tick unless something happens.
func (s *Supervisor) sleep(now time.Time, runs []*ledger.Run) time.Duration {
	wait := s.MaxSleep
	until := func(d time.Duration) { wait = min(wait, max(d, 0)) }
	if g := s.going; g != nil {
		if g.interrupted > 0 && !g.killed {
			until(g.interrupted + s.Grace - s.Elapsed())
		} else if g.schedule.Timeout > 0 && !g.killed {
			until(g.elapsed + g.schedule.Timeout - s.Elapsed())
		}
	}
	for _, sch := range s.schedules {
		if next := sch.Windows(now.Add(1), now.Add(s.MaxSleep)); len(next) > 0 {
			until(next[0].Sub(now))
		}
	}
	if s.going == nil {
		for _, r := range runs {
			if sch := s.schedule(r.Schedule); sch != nil && r.Window != nil {
				if at, ok := sch.Ready(recordOf(r)); ok && at.After(now) {
					until(at.Sub(now))
				}
			}
		}
	}
	return wait
}
