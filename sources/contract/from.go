package contract

import (
	"cmp"
	"net/url"
	"path"
	"strings"
	"time"

	"inbeeld/pipeline/secret"
)

// A Kind is a kind of place: the key for its address in the from of a contract.
type Kind string

// The kinds.
const (
	FromDir      Kind = "dir"
	FromSFTP     Kind = "sftp"
	FromS3       Kind = "s3"
	FromAzblob   Kind = "azblob"
	FromHTTPS    Kind = "https"
	FromPostgres Kind = "postgres"
)

// A From is the place that the deliveries of a source come from. Contracts with equal Froms share a place.
// It has no secrets, only references to them: env:NAME or file:PATH.
type From struct {
	Kind Kind
	// Address is a folder relative to the data directory with forward slashes, or a URL.
	Address string
	// Glob selects files below the address; "" selects all in it, and none in subfolders.
	Glob string
	// Archive is the folder below the address to which accepted files are moved, or "".
	Archive string
	// Peildatum is the day of which a delivery is requested, for places that need one.
	Peildatum Day
	// Query is the SELECT whose rows are the delivery.
	Query string
	// Timeout is how long the place may be silent; 0 is the default of the pull.
	Timeout time.Duration
	// Endpoint, Region and Account identify the server of an object store.
	Endpoint, Region, Account string
	// The rest refers to secrets, certificates and host keys.
	Password, Token, Key, Passphrase, AccessKey, SecretKey, Certificate, CA, KnownHosts string
}

// InFolder resolves each relative file: reference whose file exists in dir, the folder of the file that
// defines the place.
func (f *From) InFolder(dir string) {
	for _, ref := range []*string{&f.Password, &f.Token, &f.Key, &f.Passphrase, &f.AccessKey, &f.SecretKey, &f.Certificate, &f.CA, &f.KnownHosts} {
		*ref = secret.Beside(dir, *ref)
	}
}

// Label returns the name of the place for people: the folder, or the URL without user and parameters.
func (f From) Label() string {
	if f.Kind == FromDir {
		return f.Address
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return string(f.Kind)
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return strings.TrimSuffix(u.String(), "/")
}

// Remote reports whether the place is not a folder of this machine. Files stay there after receipt, unless
// the place has an archive.
func (f From) Remote() bool { return f.Kind != FromDir }

// A Day is a day relative to the day of a pull.
type Day string

// The days. The ends are those of the last month and quarter that are over.
const (
	Today      Day = "today"
	Yesterday  Day = "yesterday"
	MonthEnd   Day = "month_end"
	QuarterEnd Day = "quarter_end"
)

var days = []string{string(Today), string(Yesterday), string(MonthEnd), string(QuarterEnd)}

// Of returns the day relative to now, by the calendar of its zone.
func (d Day) Of(now time.Time) time.Time {
	year, month, day := now.Date()
	switch d {
	case Yesterday:
		day--
	case MonthEnd:
		day = 0
	case QuarterEnd:
		month, day = month-(month-1)%3, 0
	case Today:
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// DatedName returns the file name of a delivery without a name: <source>_<jjjjmmdd><ext>.
func DatedName(source string, day time.Time, ext string) string {
	return source + "_" + day.Format("20060102") + ext
}

// PeildatumPlaceholder stands, in an address, for the requested day as jjjjmmdd.
const PeildatumPlaceholder = "{peildatum}"

// Extension returns the extension of the file at an address; the default is .csv.
func Extension(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ".csv"
	}
	return cmp.Or(path.Ext(u.Path), ".csv")
}
