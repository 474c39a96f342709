package notify

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
)

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
