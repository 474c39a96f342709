package contract

import (
	"net"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
	"inbeeld/pipeline/secret"
)

// A placeForm defines how a contract writes a kind of place.
type placeForm struct {
	Kind    Kind
	example string
	// Keys are allowed beside the address; the required ones are mandatory.
	Keys, required []string
	// user is when the address must have a user: "always", "with a password", or "" for never.
	user string
}

// PlaceForms are the kinds of places that deliveries come from.
var PlaceForms = []placeForm{
	{FromDir, "inbox/klanten", []string{"glob"}, nil, ""},
	{
		FromSFTP, "sftp://user@host:22/folder",
		[]string{"known_hosts", "key", "passphrase", "password", "glob", "archive", "timeout"},
		[]string{"known_hosts"},
		"always",
	},
	{
		FromS3, "s3://bucket/folder",
		[]string{"endpoint", "region", "access_key", "secret_key", "ca", "glob", "archive", "timeout"},
		[]string{"access_key", "secret_key", "region"},
		"",
	},
	{
		FromAzblob, "azblob://container/folder",
		[]string{"account", "key", "token", "endpoint", "ca", "glob", "archive", "timeout"},
		[]string{"account"},
		"",
	},
	{
		FromHTTPS, "https://host/folder/klanten.csv",
		[]string{"password", "token", "certificate", "key", "ca", "peildatum", "timeout"},
		nil, "with a password",
	},
	{
		FromPostgres, "postgres://user@host:5432/database",
		[]string{"query", "password", "certificate", "key", "peildatum", "ca", "timeout"},
		[]string{"query"},
		"always",
	},
}

// from reads the place of the source; the default is the folder inbox/<name>.
func (m mapping) from(c *Contract) From {
	if !m.Has("from") {
		return From{Kind: FromDir, Address: "inbox/" + c.Name}
	}
	in, f := m.place(m.Get("from"), `"from"`, PlaceForms, "{dir: inbox/klanten}")
	switch {
	case f.Address == "":
	case f.Kind == FromDir:
		f.Address = in.dir(f.Address, c.Name)
	default:
		in.checkFileNames(c, &f)
	}
	return f
}

// place reads v as a place in one of the forms. Faults call it what.
func (m mapping) place(v *projectfile.Value, what string, forms []placeForm, example string) (in mapping, f From) {
	form, ok := m.form(v, what, forms, example)
	if !ok {
		return in, f
	}
	if in, ok = m.within(v, what, append([]string{string(form.Kind)}, form.Keys...)...); !ok {
		return in, f
	}
	in.need(what, form.required...)
	f = From{
		Kind: form.Kind, Address: in.text(string(form.Kind)), Query: in.text("query"), Region: in.text("region"),
		Account: in.text("account"), Peildatum: in.day(), Timeout: in.timeout(), Glob: in.glob(), Archive: in.folder("archive"),
		Password: in.secret("password"), Token: in.secret("token"), Key: in.secret("key"), Passphrase: in.secret("passphrase"), AccessKey: in.secret("access_key"),
		SecretKey: in.secret("secret_key"), Certificate: in.secret("certificate"), CA: in.secret("ca"), KnownHosts: in.secret("known_hosts"),
	}
	if f.Address == "" || f.Kind == FromDir {
		return in, f
	}
	if f.Endpoint = in.text("endpoint"); f.Endpoint != "" {
		in.checkEndpoint(f.Endpoint)
	}
	in.checkAddress(form, f)
	in.checkCredentials(f, what)
	return in, f
}

// form returns the form of the place in v, which must have one kind.
func (m mapping) form(v *projectfile.Value, what string, forms []placeForm, example string) (placeForm, bool) {
	if !v.Is(projectfile.KindMapping) {
		m.Fault(v, "write a place, such as "+example, "%s must be a mapping", what)
		return placeForm{}, false
	}
	var kinds []string
	var found []placeForm
	for _, f := range forms {
		kinds = append(kinds, string(f.Kind))
		if v.Get(string(f.Kind)) != nil {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		m.Fault(v, "write one of "+strings.Join(kinds, ", ")+", such as "+example, "%s has no place", what)
	case 1:
		return found[0], true
	default:
		m.Fault(v.Get(string(found[1].Kind)), "keep one; a second place needs its own source", "%s has two places, %q and %q", what, found[0].Kind, found[1].Kind)
	}
	return placeForm{}, false
}

func (m mapping) dir(dir, name string) string {
	clean := path.Clean(dir)
	top, _, _ := strings.Cut(clean, "/")
	switch {
	case !filepath.IsLocal(dir) || strings.Contains(dir, `\`) || clean == ".":
		m.Fault(m.Get("dir"), "write a folder relative to it, such as inbox/"+name, "folder %q is not inside the data directory", dir)
	case reservedFolders[strings.ToLower(top)]:
		m.Fault(m.Get("dir"), "use a folder such as inbox/"+name, "folder %q belongs to the program", dir)
	}
	return clean
}

// checkAddress checks a URL against the form of its kind. Faults do not repeat what may be a secret.
func (m mapping) checkAddress(form placeForm, f From) {
	at := m.Get(string(form.Kind))
	bad := func(format string, args ...any) { m.Fault(at, "write "+form.example, format, args...) }
	u, err := url.Parse(f.Address)
	if err != nil {
		bad("%q is not a URL", form.Kind)
		return
	}
	_, password := u.User.Password()
	switch {
	case password:
		m.Fault(at, "write password: env:NAME or file:PATH, and change the password: every reader of the contract has seen it", "the address contains a password")
	case u.Scheme != string(form.Kind) || u.Hostname() == "" || u.Opaque != "":
		bad("%q is not a URL that begins with %s://", form.Kind, form.Kind)
	case u.Fragment != "" || u.RawQuery != "" && form.Kind != FromHTTPS:
		bad("the address has a part after ? or #")
	case form.user == "always" && u.User.Username() == "", form.user == "with a password" && f.Password != "" && u.User.Username() == "":
		bad("the address has no user")
	case form.user == "" && u.User != nil, form.user == "with a password" && f.Password == "" && u.User != nil:
		bad("the address has a user, but there is no password for it")
	case form.Kind == FromPostgres && strings.Trim(u.Path, "/") == "":
		bad("the address has no database")
	case slices.Contains(strings.Split(u.Path, "/"), ".."):
		bad("the address contains ..")
	}
}

// checkEndpoint allows a connection without TLS only to this machine.
func (m mapping) checkEndpoint(text string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())) {
		m.Fault(m.Get("endpoint"), "write https://host, or https://host:9000", "\"endpoint\" is not the https address of a server")
	}
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkCredentials checks which keys go together.
func (m mapping) checkCredentials(f From, what string) {
	one := func(a, b string) {
		first, second := m.Has(a), m.Has(b)
		if first && second {
			m.Fault(m.Get(b), "keep one", "%q and %q are two ways to log in", a, b)
		}
		if !first && !second && f.Kind != FromHTTPS {
			m.Fault(m.Value, "add "+a+": env:NAME or file:PATH", "%s has neither %q nor %q", what, a, b)
		}
	}
	pair := func() {
		if (f.Certificate == "") != (f.Key == "") {
			m.Fault(m.Value, "write both, or none", "\"certificate\" and \"key\" go together")
		}
	}
	switch f.Kind {
	case FromSFTP:
		one("key", "password")
		if f.Passphrase != "" && f.Key == "" {
			m.Fault(m.Get("passphrase"), "add the key, or remove it", "\"passphrase\" is for a key, and there is none")
		}
		if f.KnownHosts != "" && !strings.HasPrefix(f.KnownHosts, "file:") {
			m.Fault(m.Get("known_hosts"), "write known_hosts: file:PATH", "\"known_hosts\" must be a file")
		}
	case FromAzblob:
		one("key", "token")
	case FromHTTPS:
		one("password", "token")
		pair()
	case FromPostgres:
		if !m.Has("password") && !m.Has("certificate") {
			m.Fault(m.Value, "add password: env:NAME or file:PATH, or a certificate with its key", "%s has neither %q nor %q", what, "password", "certificate")
		}
		pair()
	case FromDir, FromS3:
	}
}

// checkFileNames checks that the contract matches the names that the program itself gives to files.
func (m mapping) checkFileNames(c *Contract, f *From) {
	if f.Kind == FromPostgres && f.Peildatum == "" {
		f.Peildatum = Today
	}
	ext := ".csv"
	if f.Kind == FromHTTPS {
		if strings.Contains(f.Address, PeildatumPlaceholder) && f.Peildatum == "" {
			m.Fault(m.Get("https"), "add peildatum: "+strings.Join(days, ", "), "the address contains {peildatum}, but no key says which day that is")
		}
		ext = Extension(f.Address)
	}
	if f.Peildatum == "" || c.Match == nil {
		return
	}
	name := DatedName(c.Name, time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC), ext)
	if date, _, err := c.Peildatum(name); date != "2020-12-31" || err != nil {
		m.Fault(m.Value, "change \"match\", such as '"+c.Name+`_(?P<peildatum>\d{8}).*`+regexp.QuoteMeta(ext)+"'",
			"files get names like %s, which \"match\" does not match", name)
	}
	if m.Has("query") && c.Format != (Format{}) {
		m.Fault(m.Get("query"), `remove "format" from the contract`, "the program itself writes the rows of a query, in a fixed format")
	}
}

func (m mapping) day() Day {
	s := m.text("peildatum")
	if s != "" && !slices.Contains(days, s) {
		m.Fault(m.Get("peildatum"), "choose "+strings.Join(days, ", "), "unknown day %q", s)
	}
	return Day(s)
}

var timeoutText = regexp.MustCompile(`^(\d{1,3})([sm])$`)

func (m mapping) timeout() time.Duration {
	d := m.duration("timeout", timeoutText, "write seconds or minutes, such as 90s or 10m")
	m.needsLength("timeout", d, timeoutText)
	return d
}

func (m mapping) glob() string {
	s := m.text("glob")
	if s == "" {
		return ""
	}
	for segment := range strings.SplitSeq(s, "/") {
		if _, err := path.Match(segment, ""); err != nil || segment == "" || segment == "." || segment == ".." {
			m.Fault(m.Get("glob"), "write a pattern such as '*/*.csv', or '**' for all folders", "\"glob\" is not a pattern for files below the place: %q", s)
			return ""
		}
	}
	return s
}

// folder reads the path of a folder below the place.
func (m mapping) folder(key string) string {
	s := m.text(key)
	if s == "" {
		return ""
	}
	clean := path.Clean(s)
	if !filepath.IsLocal(s) || strings.Contains(s, `\`) || clean == "." {
		m.Fault(m.Get(key), "write a folder relative to it, such as ontvangen", "%q is not a folder below the place: %q", key, s)
	}
	return clean
}

// secret reads a reference to a secret. The fault does not repeat the value: it may be the secret itself.
func (m mapping) secret(key string) string {
	s := m.text(key)
	if s != "" && !secret.Valid(s) {
		m.Fault(m.Get(key), "write env:NAME or file:PATH; never write a secret itself in a contract", "%q is not a reference to a secret", key)
		return ""
	}
	return s
}

// A Target is a further place to publish to: a folder on this machine or in an object store, written as
// the from of a contract. Kind is "" if there is none.
type Target struct {
	From
	value *projectfile.Value
}

// targetForms are the kinds of places to publish to.
var targetForms = []placeForm{
	{FromS3, "s3://bucket/folder", []string{"endpoint", "region", "access_key", "secret_key", "ca"}, []string{"access_key", "secret_key", "region"}, ""},
	{FromAzblob, "azblob://container/folder", []string{"account", "key", "token", "endpoint", "ca"}, []string{"account"}, ""},
}

// UnmarshalYAML stores the value for Read.
func (t *Target) UnmarshalYAML(v *projectfile.Value) { t.value = v }

// Read reads the place that was decoded from doc, if any.
func (t *Target) Read(doc *projectfile.Doc) projectfile.Faults {
	v := t.value
	*t = Target{}
	var faults projectfile.Faults
	m := mapping{doc.Mapping(v, &faults)}
	if text, ok := v.Scalar(); ok {
		if text == "" {
			m.Fault(v, "write a folder, such as /mnt/bi/cijfers", "\"to\" is empty")
		}
		t.From = From{Kind: FromDir, Address: text}
	} else if v != nil && v.Kind != projectfile.KindNull {
		_, t.From = m.place(v, `"to"`, targetForms, "{s3: 's3://bucket/folder', region: nl, access_key: env:ID, secret_key: env:SECRET}")
	}
	return faults
}
