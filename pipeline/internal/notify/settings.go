package notify

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/secret"
)

// Settings is the block alerts of inbeeld.yaml.
type Settings struct {
	// Sender is the From of mail: 'Inbeeld <inbeeld@example.nl>'.
	Sender string `yaml:"sender"`
	// Link is where people see more, such as the dashboard; without it, messages name a command.
	Link string `yaml:"link"`
	// Roles are the addresses of each role that rules name under notify: mail addresses or names of
	// channels.
	Roles map[string][]string `yaml:"roles"`
	// Supplier are the addresses of the role supplier, by source.
	Supplier map[string][]string `yaml:"supplier"`
	// Uitvoeringsdienst are the addresses of the role uitvoeringsdienst, by dienst. A dienst gets the alerts of
	// its own gemeenten.
	Uitvoeringsdienst map[string][]string `yaml:"uitvoeringsdienst"`
	SMTP              SMTP                `yaml:"smtp"`
	// Channels are the channels other than mail, by name.
	Channels map[string]Endpoint `yaml:"channels"`
	// Quiet are the hours, in Europe/Amsterdam, in which messages wait.
	Quiet Quiet `yaml:"quiet"`
	// Flapping damps alerts that come and go: after Changes changes in the last Stands stands the recipient
	// is told once, and then not again until the alert settles. The default is 3 in 5.
	Flapping Flapping `yaml:"flapping"`
	// Escalate tells one more role of an alarm that lasts a number of stands, unless somebody acknowledged
	// it.
	Escalate Escalation `yaml:"escalate"`
	// Timeout is how long a run may spend on sending, up to an hour; the default is "30s". The rest waits for
	// the next run or for "inbeeld alerts send".
	Timeout string `yaml:"timeout"`
}

// SMTP is the mail server.
type SMTP struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"` // 587, or 465 with tls
	// TLS is "starttls", the default, or "tls" from the first byte. Mail always goes over TLS, to a server
	// whose certificate is valid.
	TLS  string `yaml:"tls"`
	User string `yaml:"user"`
	// Password is a reference: "file:/etc/inbeeld/smtp" or "env:INBEELD_SMTP".
	Password string `yaml:"password"`
	// CA is a PEM file, or a reference to one: the authority that must have signed the server's
	// certificate, instead of those of the system.
	CA string `yaml:"ca"`
}

// Quiet are hours without messages, such as 18:00 to 07:30 the next day.
type Quiet struct {
	From  string `yaml:"from"`
	Until string `yaml:"until"`
}

// Flapping is a number of changes in a number of stands.
type Flapping struct {
	Changes int `yaml:"changes"`
	Stands  int `yaml:"stands"`
}

// Escalation is to the role To after After stands in a row.
type Escalation struct {
	After int    `yaml:"after"`
	To    string `yaml:"to"`
}

// InFolder makes a relative file: whose file exists in dir, the folder of inbeeld.yaml, a full path.
// Other references stay as they are.
func (s *Settings) InFolder(dir string) {
	s.SMTP.Password, s.SMTP.CA = secret.Beside(dir, s.SMTP.Password), secret.Beside(dir, s.SMTP.CA)
	for _, e := range s.Channels {
		e.inFolder(dir)
	}
}

// WithDefaults returns the settings with the defaults filled in.
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

// Configured reports whether there is anybody to tell.
func (s Settings) Configured() bool {
	return len(s.Roles)+len(s.Supplier)+len(s.Uitvoeringsdienst) > 0
}

// Recipients returns the recipients that have an address, sorted.
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

// addresses returns the addresses of exactly this recipient; route finds a recipient that has any.
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

// route returns the recipient that stands in for one: itself, or without an address the role that it is a
// part of, or else the data team.
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

// Unaddressed returns the recipients without an address, also through their role, sorted.
func (s Settings) Unaddressed(recipients []string) []string {
	none := map[string]bool{}
	for _, r := range recipients {
		if role, _, _ := strings.Cut(r, "/"); len(s.addresses(r)) == 0 && len(s.addresses(role)) == 0 {
			none[r] = true
		}
	}
	return slices.Sorted(maps.Keys(none))
}

// targets returns a waiting target for each address of a recipient.
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

// parts returns the targets of a message, split where the driver of a channel takes a message in parts.
func (s Settings) parts(m Message) []Target {
	targets := []Target{}
	for _, t := range m.Targets {
		d, _ := s.Channels[t.Channel].driver()
		if d.parts == nil {
			targets = append(targets, t)
			continue
		}
		for i := range d.parts(m) {
			t.Part = i + 1
			targets = append(targets, t)
		}
	}
	return targets
}

// after returns the end, in UTC, of the quiet hours around now; the zero time outside quiet hours.
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
