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

// The roles with a meaning of their own. Rules and settings share the names of all others.
const (
	DataTeam          = "datateam"
	Supplier          = "supplier"          // a part is a source
	Uitvoeringsdienst = "uitvoeringsdienst" // a part is a dienst
)

// Input holds everything that decides which messages are due.
type Input struct {
	// Now is the time, in the zone of days and quiet hours.
	Now time.Time
	Run string
	// Conditions are the conditions of checks, and of what happened to the run and to deliveries. A condition that
	// is in order says how an alert was solved.
	Conditions []Condition
	// Judged holds the checks that this run judged, Before those of the last run that judged; nil without
	// such a run.
	Judged, Before map[string]Judged
	// Partial means that the checks were not judged: an alert without a condition is unchanged.
	Partial   bool
	Decisions []Decision // the oldest first
	Messages  []Message  // the earlier ones, the oldest first
	Settings  Settings
	Marts     Marts
}

// Marts describes the published marts.
type Marts struct {
	Name      string // of the project; begins every subject
	Published time.Time
	Peildata  map[string]string // the last one by source
	Blocked   bool              // checks withhold newer marts
	Waiting   bool              // newer marts wait for a person
}

func (in *Input) day(t time.Time) string { return t.In(in.Now.Location()).Format(time.DateOnly) }

func (in *Input) today() string { return in.day(in.Now) }

// Compose returns the messages that are due, rendered: at most one digest a day for each recipient, a second
// only when publication is newly withheld; one notice about changed definitions; and a sign of life for
// recipients without a message for a month. When nothing changed there are none.
func Compose(in Input) ([]Message, error) {
	var messages []Message
	known := replay(in.Messages)
	if changed := append(in.waiting(known), in.redefined(known)...); len(changed) > 0 {
		m, err := in.message(Definition, DataTeam, changed, nil, nil)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
		known = replay(append(slices.Clone(in.Messages), m))
	}
	for _, r := range in.recipients(known) {
		changed, open := in.entries(r, known)
		kind := Digest
		switch {
		case len(changed) > 0 && (!in.hadToday(r) || slices.ContainsFunc(changed, Entry.blocksAnew)):
		case len(changed) == 0 && in.silent(r) && !slices.ContainsFunc(messages, func(m Message) bool { return m.Recipient == r }):
			kind = SignOfLife
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

// recipients returns everyone with an address: named in the settings, meant by an alert, or with a belief.
func (in *Input) recipients(known memory) []string {
	named := in.Settings.Recipients()
	all := slices.AppendSeq(slices.Clone(named), maps.Keys(known))
	for _, v := range in.Conditions {
		all = append(all, in.audience(v)...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(r string) bool {
		return !slices.Contains(named, r) && len(in.Settings.targets(r)) == 0
	})
}

// audience returns the recipients of an alert: those of its check, and whom it is escalated to. The data
// team stands in for a role without an address.
func (in *Input) audience(v Condition) []string {
	var to []string
	for _, r := range v.Audience {
		to = append(to, in.Settings.route(r))
	}
	if e := in.Settings.Escalate; e.To != "" && v.streak() >= e.After && in.acknowledged(v) == nil && in.snoozed(v) == nil {
		to = append(to, in.Settings.route(e.To))
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// entries returns the alerts that changed since the recipient was told, and the others that are open.
func (in *Input) entries(recipient string, known memory) (changed, open []Entry) {
	seen := map[string]bool{}
	for _, v := range in.Conditions {
		t, knew := known[recipient][v.key()]
		if !slices.Contains(in.audience(v), recipient) && !t.active {
			continue
		}
		seen[v.key()] = true
		e, news := in.compare(v, t, knew)
		switch {
		case v.Check == Redefined:
			open = append(open, e)
		case news:
			changed = append(changed, e)
		case isAlert(e.Ernst):
			open = append(open, e)
		}
	}
	for alert, t := range known[recipient] {
		switch {
		case !t.active || seen[alert] || t.Check == Redefined:
		case in.Partial:
			open = append(open, in.unchanged(t.Condition))
		default: // the check finds nothing any more, or the alert belongs to another recipient now
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

// byWeight orders entries: the most serious first, then by title, check and group.
func byWeight(a, b Entry) int {
	return cmp.Or(cmp.Compare(rank(b.Ernst), rank(a.Ernst)), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Check, b.Check), cmp.Compare(a.label(), b.label()), cmp.Compare(a.Group, b.Group))
}

// unchanged returns the entry of an alert without news, with the decision about it as a note.
func (in *Input) unchanged(v Condition) Entry {
	e := Entry{State: Open, Condition: v}
	switch ack, snooze := in.acknowledged(v), in.snoozed(v); {
	case snooze != nil:
		e.Note = words.snoozed(*snooze)
	case ack != nil:
		e.Note = words.acknowledged(*ack)
	}
	return e
}

// compare returns the entry of a condition for a recipient with belief t, and whether it is news. Without
// knew, t is empty.
func (in *Input) compare(v Condition, t belief, knew bool) (e Entry, news bool) {
	e = in.unchanged(v)
	e.Was, e.Again = t.Ernst, knew && !t.active
	now := isAlert(v.Ernst)
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
	case rank(v.Ernst) < rank(t.Ernst) && isAlert(t.Ernst):
		e.State = Beter
	case in.snoozeEnded(t):
		e.Note = words.SnoozeEnded
	default:
		return e, false
	}
	return e, true
}

// hadToday reports whether a recipient has its digest of today.
func (in *Input) hadToday(recipient string) bool {
	return slices.ContainsFunc(in.Messages, func(m Message) bool {
		return m.Kind == Digest && m.Recipient == recipient && in.day(m.Created) == in.today()
	})
}

// silence is the number of days without a message after which a recipient gets a sign of life.
const silence = 30

// silent reports whether a recipient got nothing for silence days. For a recipient that never got a
// message, they count from the first message to anybody.
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

// message returns a rendered message. Its ID counts the recipient's messages of the day, with those already
// made in this run.
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

// slug returns the name of a recipient in letters that are safe in file names and in a Message-ID.
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

// waiting returns the publications that wait for approval of a changed definition, of which the data team
// was not told.
func (in *Input) waiting(known memory) []Entry {
	var entries []Entry
	for _, v := range in.Conditions {
		if _, knew := known[DataTeam][v.key()]; v.Check == Redefined && !knew {
			e := in.unchanged(v)
			e.State = Nieuw
			entries = append(entries, e)
		}
	}
	return entries
}

// redefined returns the changes that come from a changed rule or model, not from a delivery: where the
// current definition judges the stand of the previous run otherwise than the recipient knows. Every alert
// of a new rule is one.
func (in *Input) redefined(known memory) []Entry {
	found := map[string]Entry{}
	if in.Partial {
		return nil
	}
	for _, v := range in.Conditions {
		if v.Definition == "" {
			continue
		}
		for _, r := range slices.Concat(in.audience(v), slices.Sorted(maps.Keys(known))) {
			t, knew := known[r][v.key()]
			if !knew && !slices.Contains(in.audience(v), r) {
				continue
			}
			e, ok := in.redefinedFor(v, t, knew)
			if _, twice := found[v.key()]; ok && !twice {
				e.Audience = in.audience(v)
				found[v.key()] = e
			}
		}
	}
	for _, alerts := range known {
		for alert, t := range alerts {
			if _, judged := in.Judged[t.Check]; t.active && t.Definition != "" && !judged {
				e := t.Entry
				e.State, e.Was, e.Ernst, e.Text, e.Value, e.Action, e.Note = Vervallen, t.Ernst, okay, words.NoCheck, "", "", ""
				found[alert] = e
			}
		}
	}
	changed := slices.Collect(maps.Values(found))
	slices.SortFunc(changed, byWeight)
	return changed
}

// redefinedFor returns the change of one alert by its definition for one recipient, if there is one.
func (in *Input) redefinedFor(v Condition, t belief, knew bool) (Entry, bool) {
	if t.active && t.State == Wisselend || in.snoozed(v) != nil {
		return Entry{}, false // the belief is not the last condition
	}
	was, ernst := okay, v.Ernst
	if knew && t.active {
		was = t.Ernst
	}
	before, judged := in.Before[v.Check]
	switch {
	case in.Before != nil && judged && before.Definition != v.Definition:
		if !v.reaches(before.Peildatum) {
			return Entry{}, false
		}
		ernst = v.on(before.Peildatum)
	case knew && t.Definition != "" && t.Definition != v.Definition && v.reaches(t.Peildatum):
		ernst = v.on(t.Peildatum)
	case knew, in.Before == nil, judged:
		return Entry{}, false
	}
	e := in.unchanged(v)
	e.Was, e.Ernst = was, ernst
	switch {
	case max(rank(ernst), 0) == max(rank(was), 0):
		return Entry{}, false
	case !isAlert(was):
		e.State = Nieuw
	case !isAlert(ernst):
		e.State = Opgelost
	case rank(ernst) > rank(was):
		e.State = Erger
	default:
		e.State = Beter
	}
	return e, true
}
