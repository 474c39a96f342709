package notify

import (
	"cmp"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
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

const (
	starttls    = "starttls"
	implicitTLS = "tls"
)

// Check returns the faults of settings that were decoded from doc at path ("$.alerts").
func (s Settings) Check(doc *projectfile.Doc, path string) projectfile.Faults {
	c := checking{Settings: s, doc: doc, path: path}
	mails := c.addresses()
	c.mail(mails)
	for _, name := range slices.Sorted(maps.Keys(s.Channels)) {
		c.channel(name, s.Channels[name])
	}
	c.timing()
	if s.Link != "" {
		c.value("link", httpsAddress, s.Link)
	}
	return c.faults
}

type checking struct {
	Settings
	doc    *projectfile.Doc
	path   string
	faults projectfile.Faults
}

func (c *checking) fault(at, hint, format string, args ...any) {
	c.faults = append(c.faults, c.doc.At(c.path+"."+at, hint, format, args...))
}

// addresses checks the recipients, and reports whether any has a mail address.
func (c *checking) addresses() (mails bool) {
	for _, part := range c.tables() {
		for _, name := range slices.Sorted(maps.Keys(part.of)) {
			at := part.key + "." + name
			if part.key == "roles" && (name == Supplier && len(c.Supplier) > 0 || name == Uitvoeringsdienst && len(c.Uitvoeringsdienst) > 0) {
				c.fault(at, "leave it out, or the block "+name, "%s is given here and by part", name)
			}
			if len(part.of[name]) == 0 {
				c.fault(at, "write a list of mail addresses, or leave it out", "%s has no address", name)
			}
			for i, to := range part.of[name] {
				at := fmt.Sprintf("%s[%d]", at, i)
				if !strings.Contains(to, "@") {
					if _, ok := c.Channels[to]; !ok {
						hint := projectfile.DidYouMean(to, slices.Sorted(maps.Keys(c.Channels)))
						if hint == "" {
							hint = "write a mail address, or define it under channels"
						}
						c.fault(at, hint, "%q is no mail address and no channel", to)
					}
					continue
				}
				mails = true
				if _, err := mailAddress(to); err != nil {
					c.fault(at, "write one address, such as sturing@example.nl", "%q is no mail address", to)
				}
			}
		}
	}
	return mails
}

// mailAddress parses one address. It refuses line breaks and other control characters, which would begin
// a header.
func mailAddress(text string) (*mail.Address, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("the address %q has a control character in it", text)
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w", text, err)
	}
	return a, nil
}

func (c *checking) mail(mails bool) {
	if mails && c.SMTP.Host == "" {
		c.fault("smtp", "write smtp: {host: mail.example.nl}", "there are mail addresses, but no mail server")
	}
	switch {
	case c.Sender == "" && mails:
		c.fault("sender", "write sender: 'Inbeeld <inbeeld@example.nl>'", "mail needs a sender")
	case c.Sender != "":
		if _, err := mailAddress(c.Sender); err != nil {
			c.fault("sender", "write 'Inbeeld <inbeeld@example.nl>'", "%q is no mail address", c.Sender)
		}
	}
	if c.SMTP.TLS != "" && c.SMTP.TLS != starttls && c.SMTP.TLS != implicitTLS {
		c.fault("smtp.tls", "write starttls or tls", "tls is %q", c.SMTP.TLS)
	}
	if c.SMTP.Port < 0 || c.SMTP.Port > 65535 {
		c.fault("smtp.port", "587 and 465 are usual", "port is %d", c.SMTP.Port)
	}
	if (c.SMTP.User == "") != (c.SMTP.Password == "") {
		c.fault("smtp.user", "write both, or neither", "a user needs a password, and a password a user")
	}
	if c.SMTP.Password != "" {
		c.value("smtp.password", reference, c.SMTP.Password)
	}
}

func (c *checking) timing() {
	for end, text := range map[string]string{"from": c.Quiet.From, "until": c.Quiet.Until} {
		if text == "" && c.Quiet.From == c.Quiet.Until {
			continue
		}
		if t, err := time.Parse("15:04", text); err != nil || t.Format("15:04") != text {
			c.fault("quiet."+end, `write a time as "18:00"`, "%s is %q", end, text)
		}
	}
	if c.Quiet.From != "" && c.Quiet.From == c.Quiet.Until {
		c.fault("quiet", "leave it out, or let them differ", "the quiet hours would never end")
	}
	f := c.Flapping
	if (f != Flapping{}) && (f.Changes < 1 || f.Stands <= f.Changes || f.Stands > HistoryStands) {
		c.fault("flapping", fmt.Sprintf("write {changes: 3, stands: 5}: fewer changes than stands, up to %d stands", HistoryStands), "%d changes in %d stands cannot be counted", f.Changes, f.Stands)
	}
	e := c.Escalate
	if (e != Escalation{}) && (e.After < 1 || e.After > HistoryStands || e.To == "") {
		c.fault("escalate", fmt.Sprintf("write {after: 3, to: werkkamer}, up to %d stands", HistoryStands), "escalate needs after and to")
	} else if e.To != "" && len(c.Roles[e.To]) == 0 {
		c.fault("escalate.to", projectfile.DidYouMean(e.To, slices.Sorted(maps.Keys(c.Roles))), "there is no role %q with an address", e.To)
	}
	if d, err := time.ParseDuration(c.Timeout); c.Timeout != "" && (err != nil || d <= 0 || d > time.Hour) {
		c.fault("timeout", "write a time up to an hour, such as 30s", "timeout is %q", c.Timeout)
	}
}

// HistoryStands is the number of stands that the history of a condition goes back.
const HistoryStands = 12
