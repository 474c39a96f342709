package notify

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
	"inbeeld/pipeline/secret"
)

// A driver is a kind of channel under alerts.channels: the settings that it takes and the code that
// delivers. To add a kind, write its driver and its [Channel] in a file of its own, add the driver to
// drivers, let testChannel prove it, and update schema.json: go test -run TestSchema -update.
type driver struct {
	// kind is the key that chooses the driver; its value says where messages go.
	kind string
	// settings are the keys of the channel, the kind first. Check has held their values against their
	// forms before open is called.
	settings []setting
	// open reads the secrets that the endpoint refers to; it connects to nothing. Its error stands until
	// the channel is opened again, by the next process that sends.
	open func(e Endpoint, secrets secret.Reader) (Channel, error)
	// parts is the number of parcels that a message takes, at least 1; each is attempted and repeated by
	// itself. The message alone decides it. Nil means that a message is always one parcel.
	parts func(m Message) int
}

// drivers are the kinds of channels, in the order in which errors name them.
var drivers = []driver{teamsDriver, webhookDriver, folderDriver}

// A setting is a key of a channel. Required settings must be there.
type setting struct {
	key                  string
	form                 form
	required             bool
	description, example string
}

// A form is how a value is written.
type form int

const (
	reference    form = iota // to a secret: env:NAME or file:PATH
	certificates             // a reference, or the path of a PEM file
	httpsAddress
	folderPath // absolute
)

// caSetting is a setting of every driver that speaks TLS.
var caSetting = setting{"ca", certificates, false, "The authority that must have signed the certificate of the server, instead of those of the system: a PEM file.", "/etc/inbeeld/ca.pem"}

// An Endpoint holds the settings of one channel by key.
type Endpoint map[string]string

// driver returns the driver that the endpoint chooses. It chooses one only if exactly one key is a kind.
func (e Endpoint) driver() (chosen driver, n int) {
	for _, d := range drivers {
		if e[d.kind] != "" {
			chosen = d
			n++
		}
	}
	return chosen, n
}

func (e Endpoint) open(secrets secret.Reader) (Channel, error) {
	d, n := e.driver()
	if n != 1 {
		return nil, fmt.Errorf("%s names no single kind; write one of %s", secrets.At, strings.Join(kinds(), ", "))
	}
	return d.open(e, secrets)
}

// inFolder makes references to files in dir full paths.
func (e Endpoint) inFolder(dir string) {
	d, _ := e.driver()
	for _, s := range d.settings {
		if s.form == reference || s.form == certificates {
			e[s.key] = secret.Beside(dir, e[s.key])
		}
	}
}

func kinds() []string {
	var names []string
	for _, d := range drivers {
		names = append(names, d.kind)
	}
	return names
}

var channelNames = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// channel checks the settings of one channel.
func (c *checking) channel(name string, e Endpoint) {
	at := "channels." + name
	d, n := e.driver()
	if n != 1 {
		c.noKind(at, name, e, n)
		return
	}
	if !channelNames.MatchString(name) || name == Mail {
		c.fault(at, "write a word of lower-case letters", "a channel cannot be called %q", name)
	}
	known := []string{}
	for _, s := range d.settings {
		known = append(known, s.key)
		if value := e[s.key]; value != "" {
			c.value(at+"."+s.key, s.form, value)
		} else if s.required {
			c.fault(at+"."+d.kind, "write "+s.key+": "+s.example, "a %s needs %q", d.kind, s.key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(e)) {
		if !slices.Contains(known, key) {
			c.fault(at+"."+key, projectfile.DidYouMean(key, known), "unknown key %q of a %s", key, d.kind)
		}
	}
}

// noKind reports a channel with n kinds, none or several.
func (c *checking) noKind(at, name string, e Endpoint, n int) {
	oneOf := "write one of " + strings.Join(kinds(), ", ")
	if n > 0 {
		c.fault(at, oneOf, "channel %s has %d kinds", name, n)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(e)) {
		if near := projectfile.Nearest(key, kinds()); near != "" && near != key {
			c.fault(at+"."+key, fmt.Sprintf("did you mean %q?", near), "unknown key %q", key)
			return
		}
	}
	c.fault(at, oneOf, "channel %s has no kind", name)
}

// value checks a value against its form. The fault does not repeat a value that may be a secret.
func (c *checking) value(at string, f form, value string) {
	switch f {
	case reference:
		if !secret.Valid(value) {
			c.fault(at, "write file:PATH or env:NAME", "a secret does not stand in the configuration itself")
		}
	case httpsAddress:
		if u, err := url.Parse(value); err != nil || u.Scheme != "https" || u.Host == "" {
			c.fault(at, "write an address that begins with https://", "%q is no https address", value)
		}
	case folderPath:
		if !filepath.IsAbs(value) {
			c.fault(at, "write a path that begins with /", "folder is %q", value)
		}
	case certificates: // any path
	}
}
