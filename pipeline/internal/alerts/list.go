package alerts

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sources/delivery"
)

func newComposer(o intake.Scope, settings notify.Settings, b *intake.Book) *Composer {
	j := &datadir.Journal{Dir: o.Dir, Ledger: ledger.Ledger{Dir: filepath.Join(o.Path, "runs")}}
	return &Composer{
		Book: b, Site: &publish.Site{Journal: j, Store: mart.Store{Dir: filepath.Join(o.Path, "marts")}}, Settings: Settings(settings, b.Project),
	}
}

func openComposer(o intake.Scope, settings notify.Settings) (*Composer, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	return newComposer(o, settings, b), nil
}

// openLast opens a composer for the last run.
func openLast(ctx context.Context, o intake.Scope, settings notify.Settings) (*Composer, notify.Input, error) {
	r, err := openComposer(o, settings)
	if err != nil {
		return nil, notify.Input{}, err
	}
	return atLastRun(ctx, r)
}

// atLastRun moves a composer to the last run that ended, and gathers its input with freshness judged now.
func atLastRun(ctx context.Context, r *Composer) (_ *Composer, in notify.Input, err error) {
	o := r.Book
	ids, err := r.Ledger.IDs()
	if err != nil {
		return nil, in, err
	}
	if len(ids) == 0 {
		return nil, in, usage.Errorf("no run has ended in %s yet; start with: inbeeld run --data %s", o.Path, o.Path)
	}
	failure := ""
	for i, id := range slices.Backward(ids) { // a failed run has no findings
		if r.Run, err = r.Ledger.Read(id); err != nil {
			return nil, in, err
		}
		if i == len(ids)-1 && r.Run.Outcome == string(mart.Failed) {
			failure = r.Run.Failure
		}
		if o := mart.Outcome(r.Run.Outcome); o == mart.Published || o == mart.Blocked || o == mart.Waiting || o == mart.NothingToDo {
			break
		}
	}
	r.Outcome = mart.Outcome(r.Run.Outcome)
	if r.Ages, err = audit.JudgeAges(ctx, r.Book, nil); err != nil {
		return nil, in, err
	}
	r.Graph = r.Ages.Graph
	in, err = r.input(failure)
	return r, in, err
}

// List returns the open alerts of the last run, most serious first. Freshness is judged now.
func List(ctx context.Context, o intake.Scope, settings notify.Settings) ([]notify.Alert, error) {
	_, in, err := openLast(ctx, o, settings)
	if err != nil {
		return nil, err
	}
	return notify.Alerts(in), nil
}

// Preview returns the messages that every role would receive about all open alerts if none had been sent before.
func Preview(ctx context.Context, o intake.Scope, settings notify.Settings) ([]notify.Message, error) {
	_, in, err := openLast(ctx, o, settings)
	if err != nil {
		return nil, err
	}
	return notify.Preview(in)
}

// Test puts a test message to a recipient in the outbox.
func Test(o intake.Scope, settings notify.Settings, recipient string) (notify.Message, error) {
	var m notify.Message
	if err := datadir.Check(o.Path); err != nil {
		return m, err
	}
	release, err := datadir.Lock(o.Dir, "inbeeld alerts test")
	if err != nil {
		return m, err
	}
	defer func() { _ = release() }()
	r, err := openComposer(o, settings)
	if err != nil {
		return m, err
	}
	known := r.Settings.Recipients()
	if !slices.Contains(known, recipient) {
		hint := projectfile.DidYouMean(recipient, known)
		if len(known) == 0 {
			hint = "write alerts: {roles: {…}} in " + project.ConfigFile
		}
		return m, usage.Errorf("no recipient %q has an address; %s", recipient, hint)
	}
	in, err := r.without("test")
	if err != nil {
		return m, err
	}
	if m, err = notify.TestMessage(in, recipient); err != nil {
		return m, err
	}
	return m, box(o.Path).Put([]notify.Message{m})
}

// State is the state of the messages, for "inbeeld status".
type State struct {
	Waiting []notify.Letter `json:"waiting,omitempty"` // not sent yet
	Dead    []notify.Letter `json:"dead,omitempty"`    // given up
	// Unaddressed are the roles of rules that the settings give no address.
	Unaddressed []string `json:"unaddressed,omitempty"`
}

// StateOf returns the state of the outbox.
func StateOf(o intake.Scope, settings notify.Settings) (State, error) {
	var state State
	messages, err := box(o.Path).Messages()
	if err != nil {
		return state, err
	}
	state.Waiting, state.Dead = notify.Letters(messages)
	r, err := openComposer(o, settings)
	if err != nil || !r.Settings.Configured() {
		return state, err
	}
	roles := []string{notify.DataTeam}
	for _, rule := range r.Project.Rules {
		roles = append(roles, rule.Notify...)
	}
	state.Unaddressed = r.Settings.Unaddressed(slices.DeleteFunc(roles, func(role string) bool {
		return role == notify.Supplier && len(r.Settings.Supplier) > 0 || role == notify.Uitvoeringsdienst && len(r.Settings.Uitvoeringsdienst) > 0
	}))
	return state, nil
}

// Decide records a decision about an alert. name is its ID, CHECK or CHECK@GROUP; until is for a snooze.
func Decide(ctx context.Context, o intake.Scope, settings notify.Settings, kind delivery.DecisionKind, name, who, reason, until string) (delivery.Decision, error) {
	return o.Decide("inbeeld alerts", who, reason, func(b *intake.Book) (*delivery.Decision, error) {
		_, in, err := atLastRun(ctx, newComposer(o, settings, b))
		if err != nil {
			return nil, err
		}
		subject, err := subjectOf(in, kind, name)
		if err != nil {
			return nil, err
		}
		if kind == delivery.Snooze {
			if _, err := time.Parse(time.DateOnly, until); err != nil {
				return nil, usage.Errorf("--until is %q; write a day as 2021-03-01", until)
			}
			if until <= in.Now.Format(time.DateOnly) {
				return nil, usage.Errorf("--until %s is not after today", until)
			}
			subject.Until = until
		}
		return &delivery.Decision{Kind: kind, Alert: &subject}, nil
	})
}

// subjectOf returns the alert that a name means. Without a group it means all groups of the check, except for
// resolve, which is about one finding.
func subjectOf(in notify.Input, kind delivery.DecisionKind, name string) (delivery.Subject, error) {
	alerts := notify.Alerts(in)
	check, group, one := strings.Cut(name, "@")
	var names []string
	for _, a := range alerts {
		names = append(names, a.ID, a.Check+"@"+a.Group)
		if name == a.ID || one && a.Check == check && a.Group == group || !one && a.Check == name {
			s := delivery.Subject{Check: a.Check}
			if one || name == a.ID || kind == delivery.Resolve {
				s.Group = a.Group
			}
			if kind == delivery.Resolve {
				if others := slices.IndexFunc(alerts, func(b notify.Alert) bool { return b.Check == a.Check && b.Group != a.Group }); others >= 0 && !one && name != a.ID {
					return s, usage.Errorf("%s has more than one alert; say which, such as %s@%s", a.Check, a.Check, a.Group)
				}
				s.Peildatum, s.Ernst = a.Peildatum, a.Ernst
			}
			return s, nil
		}
	}
	hint := projectfile.DidYouMean(name, names)
	return delivery.Subject{}, usage.Errorf("no alert %q is open; %s", name, cmp.Or(hint, "list them with: inbeeld alerts list"))
}

// WritePreview writes messages to a folder, each as HTML, text and JSON.
func WritePreview(dir string, messages []notify.Message) error {
	for _, m := range messages {
		if err := notify.WriteMessage(dir, m); err != nil {
			return fmt.Errorf("write a preview: %w", err)
		}
	}
	return nil
}
