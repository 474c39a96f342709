package notify

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Settings is the block alerts of inbeeld.yaml.
type Settings struct {
	// Sender is the address that mail comes from: 'Inbeeld <inbeeld@example.nl>'.
	Sender string `yaml:"sender"`
	// Link is where people see more, such as the dashboard; without it messages name a command.
	Link string `yaml:"link"`
	// Roles are the recipients of each role that rules name under notify: mail addresses, or names of
	// channels.
	Roles map[string][]string `yaml:"roles"`
	// Supplier are those of the role supplier, by source.
	Supplier map[string][]string `yaml:"supplier"`
	// Uitvoeringsdienst are those of the role uitvoeringsdienst, by dienst: it hears of its gemeenten.
	Uitvoeringsdienst map[string][]string `yaml:"uitvoeringsdienst"`
	SMTP              SMTP                `yaml:"smtp"`
	// Channels are other ways to bring a message than by mail, by name.
	Channels map[string]Endpoint `yaml:"channels"`
	// Quiet are hours in which nothing is sent, in Europe/Amsterdam. What is made then, waits.
	Quiet Quiet `yaml:"quiet"`
	// Flapping damps what goes in and out of order: Changes times or more in the last Stands stands is
	// told once, and then no more until it has settled. 3 in 5 without this.
	Flapping Flapping `yaml:"flapping"`
	// Escalate tells a further role of what has been an alarm for so many stands in a row, unless
	// somebody has acknowledged it.
	Escalate Escalation `yaml:"escalate"`
	// Timeout is how long a run may spend on sending, as "30s", which it is without this. What is not sent
	// by then waits for the next run, or for "inbeeld alerts send".
	Timeout string `yaml:"timeout"`
}

// SMTP is the mail server.
type SMTP struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"` // 587, or 465 with tls
	// TLS is "starttls", which it is without this, or "tls" from the first byte. The certificate of the
	// server is checked; there is no mail without it.
	TLS      string `yaml:"tls"`
	User     string `yaml:"user"`
	Password Secret `yaml:"password"`
	// CA is a file with certificates to trust beside those of the system.
	CA string `yaml:"ca"`
}

// An Endpoint is one of: a Teams workflow, a webhook, a folder.
type Endpoint struct {
	Teams   Secret `yaml:"teams"`   // the address of the workflow, which is a secret
	Webhook string `yaml:"webhook"` // an https address
	Secret  Secret `yaml:"secret"`  // that signs what goes to a webhook
	Folder  string `yaml:"folder"`
	CA      string `yaml:"ca"` // certificates to trust beside those of the system
}

// A Secret says where a secret is: "file:/etc/inbeeld/smtp" or "env:INBEELD_SMTP".
type Secret string

// Quiet are hours without messages, such as 18:00 to 07:30 the day after.
type Quiet struct {
	From  string `yaml:"from"`
	Until string `yaml:"until"`
}

// Flapping is n changes of m stands.
type Flapping struct {
	Changes int `yaml:"changes"`
	Stands  int `yaml:"stands"`
}

// Escalation is to a further role after a number of stands.
type Escalation struct {
	After int    `yaml:"after"`
	To    string `yaml:"to"`
}

// WithDefaults are settings in which nothing that has a default is empty.
func (s Settings) WithDefaults() Settings {
	s.Flapping.Changes = cmp.Or(s.Flapping.Changes, 3)
	s.Flapping.Stands = cmp.Or(s.Flapping.Stands, 5)
	s.Timeout = cmp.Or(s.Timeout, "30s")
	s.SMTP.TLS = cmp.Or(s.SMTP.TLS, starttls)
	if s.SMTP.Port == 0 {
		s.SMTP.Port = map[string]int{starttls: 587, implicitTLS: 465}[s.SMTP.TLS]
	}
	return s
}

// Configured tells whether there is anybody to tell.
func (s Settings) Configured() bool {
	return len(s.Roles)+len(s.Supplier)+len(s.Uitvoeringsdienst) > 0
}

// Recipients are all that have an address, in order.
func (s Settings) Recipients() []string {
	var names []string
	for _, part := range s.tables() {
		for name, to := range part.of {
			if len(to) > 0 {
				names = append(names, part.prefix+name)
			}
		}
	}
	slices.Sort(names)
	return names
}

type roleTable struct {
	key, prefix string
	of          map[string][]string
}

func (s Settings) tables() []roleTable {
	return []roleTable{
		{"roles", "", s.Roles},
		{Supplier, Supplier + "/", s.Supplier},
		{Uitvoeringsdienst, Uitvoeringsdienst + "/", s.Uitvoeringsdienst},
	}
}

// addresses are those of a recipient. A part of a role that has none of its own has those of the role.
func (s Settings) addresses(recipient string) []string {
	role, part, whole := strings.Cut(recipient, "/")
	switch {
	case strings.Contains(recipient, "@") && s.SMTP.Host != "": // the owner of a source
		return []string{recipient}
	case !whole:
		return s.Roles[recipient]
	case role == Supplier && len(s.Supplier[part]) > 0:
		return s.Supplier[part]
	case role == Uitvoeringsdienst && len(s.Uitvoeringsdienst[part]) > 0:
		return s.Uitvoeringsdienst[part]
	}
	return nil
}

// route is the recipient that hears what is meant for one: itself, the role that it is a part of, or
// the data team when neither has an address.
func (s Settings) route(recipient string) string {
	role, _, _ := strings.Cut(recipient, "/")
	switch {
	case len(s.addresses(recipient)) > 0:
		return recipient
	case len(s.addresses(role)) > 0:
		return role
	}
	return DataTeam
}

// Unaddressed are those of the recipients that nobody is behind, in order.
func (s Settings) Unaddressed(recipients []string) []string {
	none := map[string]bool{}
	for _, r := range recipients {
		if role, _, _ := strings.Cut(r, "/"); len(s.addresses(r)) == 0 && len(s.addresses(role)) == 0 {
			none[r] = true
		}
	}
	return slices.Sorted(maps.Keys(none))
}

// targets are the addresses of a recipient, each to be sent to.
func (s Settings) targets(recipient string) []Target {
	var targets []Target
	for _, to := range s.addresses(recipient) {
		if strings.Contains(to, "@") {
			targets = append(targets, Target{Channel: Mail, Address: to, State: Waiting})
			continue
		}
		targets = append(targets, Target{Channel: to, State: Waiting})
	}
	return targets
}

// parts are the targets of a message, with one for each part where a channel cannot bring it whole.
func (s Settings) parts(m Message) []Target {
	targets := []Target{}
	for _, t := range m.Targets {
		if s.Channels[t.Channel].Teams == "" {
			targets = append(targets, t)
			continue
		}
		for i := range cards(m) {
			t.Part = i + 1
			targets = append(targets, t)
		}
	}
	return targets
}

// after is the end of the quiet hours that a moment is in, in UTC; the zero time when it is in none.
func (q Quiet) after(now time.Time) time.Time {
	if q.From == "" {
		return time.Time{}
	}
	clock := now.Format("15:04")
	within := q.From <= clock && clock < q.Until
	if q.From > q.Until {
		within = clock >= q.From || clock < q.Until
	}
	if !within {
		return time.Time{}
	}
	var hour, minute int
	if t, err := time.Parse("15:04", q.Until); err == nil {
		hour, minute = t.Hour(), t.Minute()
	}
	end := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	if !end.After(now) {
		end = time.Date(now.Year(), now.Month(), now.Day()+1, hour, minute, 0, 0, now.Location())
	}
	return end.UTC()
}
