package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Roles that notify itself knows. All others are names that rules and settings share.
const (
	DataTeam          = "datateam"
	Supplier          = "supplier"          // in parts, by source
	Uitvoeringsdienst = "uitvoeringsdienst" // in parts, by dienst
)

// Input is all that decides which messages there are.
type Input struct {
	// Now is the clock, in the zone in which days begin and hours are quiet.
	Now time.Time
	Run string
	// Verdicts are those of the checks, and of what happened to the run and to deliveries. A verdict
	// that is in order tells how an alert was solved.
	Verdicts []Verdict
	// Judged are the checks that were judged, Before those of the run that judged before this one; nil
	// when there was none.
	Judged, Before map[string]Judged
	// Partial says that the checks were not judged: what there is no verdict of is as it was told.
	Partial   bool
	Decisions []Decision // in order
	Messages  []Message  // that were made before, the oldest first
	Settings  Settings
	Marts     Marts
}

// Marts is how old the published marts are.
type Marts struct {
	Name      string // of the project, before subjects
	Published time.Time
	Peildata  map[string]string // the last by source
	Blocked   bool              // the checks withhold what is newer
	Waiting   bool              // what is newer waits for a person
}

func (in *Input) day(t time.Time) string { return t.In(in.Now.Location()).Format(time.DateOnly) }

func (in *Input) today() string { return in.day(in.Now) }

// Compose gives the messages that are due, rendered, none of which has been sent to anybody: at most one
// digest a recipient a day, a second only when publication is newly withheld; one notice about changed
// definitions; and a sign of life to whom has heard nothing for a month. On a quiet night there are none.
func Compose(in Input) ([]Message, error) {
	var messages []Message
	known := remember(in.Messages)
	if changed := append(in.held(known), in.redefined(known)...); len(changed) > 0 {
		m, err := in.message(Definition, DataTeam, changed, nil, nil)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
		known = remember(append(slices.Clone(in.Messages), m))
	}
	for _, r := range in.recipients(known) {
		changed, open := in.entries(r, known)
		kind := Digest
		switch {
		case len(changed) > 0 && (!in.hadToday(r) || slices.ContainsFunc(changed, Entry.blocksAnew)):
		case len(changed) == 0 && in.silent(r) && !slices.ContainsFunc(messages, func(m Message) bool { return m.Recipient == r }):
			kind = Life
		default:
			continue
		}
		m, err := in.message(kind, r, changed, open, messages)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

func (e Entry) blocksAnew() bool {
	return e.Ernst == Blokkerend && (e.State == Nieuw || e.State == Erger)
}

// recipients are those with an address: of settings, of alerts, and who believe that something is not solved.
func (in *Input) recipients(known memory) []string {
	all := map[string]bool{}
	for _, r := range in.Settings.Recipients() {
		all[r] = true
	}
	for _, v := range in.Verdicts {
		for _, r := range in.audience(v) {
			all[r] = all[r] || len(in.Settings.targets(r)) > 0
		}
	}
	for r := range known {
		all[r] = all[r] || len(in.Settings.targets(r)) > 0
	}
	var names []string
	for _, r := range slices.Sorted(maps.Keys(all)) {
		if all[r] {
			names = append(names, r)
		}
	}
	return names
}

// audience are the recipients of an alert: those of its check, for a role without an address the data
// team in its place, and whom it is escalated to.
func (in *Input) audience(v Verdict) []string {
	var to []string
	for _, r := range v.Audience {
		to = append(to, in.Settings.route(r))
	}
	if e := in.Settings.Escalate; e.To != "" && v.row() >= e.After && in.acknowledged(v) == nil && in.snoozed(v) == nil {
		to = append(to, in.Settings.route(e.To))
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// entries are what has changed for a recipient since it was told, and what else is open.
func (in *Input) entries(recipient string, known memory) (changed, open []Entry) {
	seen := map[string]bool{}
	for _, v := range in.Verdicts {
		t, knew := known[recipient][v.key()]
		if !slices.Contains(in.audience(v), recipient) && !t.active {
			continue
		}
		seen[v.key()] = true
		e, tell := in.compare(v, t, knew)
		switch {
		case v.Check == Redefined:
			open = append(open, e)
		case tell:
			changed = append(changed, e)
		case wrong(e.Ernst):
			open = append(open, e)
		}
	}
	for alert, t := range known[recipient] {
		switch {
		case !t.active || seen[alert] || t.Check == Redefined:
		case in.Partial:
			open = append(open, in.still(t.Verdict))
		default: // nothing is found any more, or it is another recipient's now
			e := t.Entry
			e.State, e.Was, e.Ernst, e.Text, e.Note = Opgelost, t.Ernst, okay, words.NotFound, ""
			e.Value, e.Previous, e.Action, e.Attachment = "", t.Value, "", ""
			changed = append(changed, e)
		}
	}
	slices.SortFunc(changed, byWeight)
	slices.SortFunc(open, byWeight)
	return changed, open
}

// byWeight orders entries: what is wrong first, the most serious first, then by what they are about.
func byWeight(a, b Entry) int {
	return cmp.Or(cmp.Compare(rank(b.Ernst), rank(a.Ernst)), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Check, b.Check), cmp.Compare(a.label(), b.label()), cmp.Compare(a.Group, b.Group))
}

// still is an alert of which there is nothing new, with what was decided about it.
func (in *Input) still(v Verdict) Entry {
	e := Entry{State: Open, Verdict: v}
	switch ack, snooze := in.acknowledged(v), in.snoozed(v); {
	case snooze != nil:
		e.Note = words.snoozed(*snooze)
	case ack != nil:
		e.Note = words.acknowledged(*ack)
	}
	return e
}

// compare holds a verdict against what a recipient knows; tell says whether that is news.
func (in *Input) compare(v Verdict, t told, knew bool) (e Entry, tell bool) {
	e = in.still(v)
	e.Was, e.Again = t.Ernst, knew && !t.active
	now := wrong(v.Ernst)
	if d := in.resolved(v); now && d != nil {
		now, e.Note, e.Ernst, e.Action = false, words.resolved(*d), okay, ""
	}
	flapping := in.Settings.Flapping
	switch {
	case !now && !t.active:
		return e, false
	case now && in.snoozed(v) != nil && v.Ernst != Blokkerend:
		return e, false
	case v.changes(flapping.Stands) >= flapping.Changes && v.Ernst != Blokkerend:
		e.State = Wisselend
		return e, t.State != Wisselend || !t.active
	case !now:
		e.State = Opgelost
		if v.Ernst == geenOordeel {
			e.State = Vervallen
		}
		e.Action = ""
	case !t.active:
		e.State = Nieuw
	case rank(v.Ernst) > rank(t.Ernst):
		e.State = Erger
	case rank(v.Ernst) < rank(t.Ernst) && wrong(t.Ernst):
		e.State = Beter
	case in.snoozeEnded(t):
		e.Note = words.SnoozeEnded
	default:
		return e, false
	}
	return e, true
}

// hadToday tells whether a recipient has had its digest of today.
func (in *Input) hadToday(recipient string) bool {
	return slices.ContainsFunc(in.Messages, func(m Message) bool {
		return m.Kind == Digest && m.Recipient == recipient && in.day(m.Created) == in.today()
	})
}

// silence is after how many days without a message a recipient gets a sign of life.
const silence = 30

// silent tells whether a recipient has heard nothing for a month, counted from the first message of
// all for whom has never had one.
func (in *Input) silent(recipient string) bool {
	if in.Marts.Published.IsZero() || len(in.Messages) == 0 {
		return false
	}
	last := in.Messages[0].Created
	for _, m := range in.Messages {
		if m.Recipient == recipient {
			last = m.Created
		}
	}
	return in.day(last.AddDate(0, 0, silence)) <= in.today()
}

// message makes a message; those that were made in the same run count for its name.
func (in *Input) message(kind Kind, recipient string, changed, open []Entry, made []Message) (Message, error) {
	n := 1
	for _, m := range slices.Concat(in.Messages, made) {
		if m.Recipient == recipient && in.day(m.Created) == in.today() {
			n++
		}
	}
	m := Message{
		Kind: kind, Recipient: recipient, Run: in.Run, Created: in.Now.UTC(), NotBefore: in.Settings.Quiet.after(in.Now),
		Changed: changed, Open: open, Targets: in.Settings.targets(recipient),
	}
	for _, e := range changed {
		if e.Attachment != "" && e.State != Opgelost {
			m.Attachments = append(m.Attachments, e.Attachment)
		}
	}
	if err := render(&m, in.Marts, in.Settings, in.Now.Location()); err != nil {
		return m, fmt.Errorf("write the message to %s: %w", recipient, err)
	}
	sum := sha256.Sum256([]byte(m.Recipient + "\x00" + m.Created.Format(time.RFC3339Nano) + "\x00" + m.Text))
	m.ID = fmt.Sprintf("%s-%s-%d-%s", in.today(), slug(recipient), n, hex.EncodeToString(sum[:4]))
	m.Targets = in.Settings.parts(m)
	return m, nil
}

// slug makes the name of a recipient fit for the name of a file, and for a Message-ID.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
}
