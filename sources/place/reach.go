package place

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/http/httpproxy"

	"inbeeld/pipeline/bucket"
	"inbeeld/pipeline/secret"
	"inbeeld/sources/contract"
)

// Bucket opens the object store of a place, and returns the prefix of the keys in its folder. The place
// alone says where its keys and tokens are: Bucket looks for none in the environment or home folder. It
// connects to nothing, and uses only DataDir and Env of the options. at names the mapping that holds the
// place, for errors: "inbeeld.yaml: publish.to".
func (d Dialer) Bucket(at string, f contract.From) (_ *bucket.Bucket, prefix string, err error) {
	secrets := d.secrets(at)
	client, err := d.client(secrets, f)
	if err != nil {
		return nil, "", err
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, "", errors.New("the address is no URL; correct the contract")
	}
	if prefix = strings.Trim(path.Clean("/"+u.Path), "/"); prefix != "" {
		prefix += "/"
	}
	if f.Kind == contract.FromS3 {
		id, err := secrets.Read("access_key", f.AccessKey)
		if err != nil {
			return nil, "", err
		}
		secretKey, err := secrets.Read("secret_key", f.SecretKey)
		if err != nil {
			return nil, "", err
		}
		return bucket.S3{Bucket: u.Host, Region: f.Region, Endpoint: f.Endpoint, ID: id, Secret: secretKey}.Open(client), prefix, nil
	}
	store := bucket.Azure{Container: u.Host, Account: f.Account, Endpoint: f.Endpoint}
	if store.Token, err = secrets.Read("token", f.Token); err != nil {
		return nil, "", err
	}
	if store.Key, err = secrets.Read("key", f.Key); err != nil {
		return nil, "", err
	}
	b, err := store.Open(client)
	switch {
	case err != nil && f.Token != "":
		return nil, "", secrets.Fault("token", "%s is no SAS token; it looks like sv=…&sig=…", f.Token)
	case err != nil:
		return nil, "", secrets.Fault("key", "%s is no key of a storage account; it is base64", f.Key)
	}
	return b, prefix, nil
}

func (d Dialer) reachHTTPS(c *contract.Contract) (Connector, error) {
	f := c.From
	secrets := d.secrets(fromOf(c))
	client, err := d.client(secrets, f)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, fmt.Errorf("the address is no URL; correct %s", c.Path)
	}
	h := &httpsPlace{client: client, user: u.User.Username(), now: d.Now, dated: f.Peildatum != ""}
	if h.password, err = secrets.Read("password", f.Password); err != nil {
		return nil, err
	}
	if h.token, err = secrets.Read("token", f.Token); err != nil {
		return nil, err
	}
	u.User = nil
	h.address, h.name = u.String(), path.Base(u.Path)
	if h.dated {
		day := f.Peildatum.Of(d.Now)
		u.Path = strings.ReplaceAll(u.Path, contract.PeildatumPlaceholder, day.Format("20060102"))
		u.RawQuery = strings.NewReplacer(contract.PeildatumPlaceholder, day.Format("20060102"), url.QueryEscape(contract.PeildatumPlaceholder), day.Format("20060102")).Replace(u.RawQuery)
		h.address, h.name = u.String(), contract.DatedName(c.Name, day, contract.Extension(f.Address))
	}
	return h, nil
}

func (d Dialer) reachPostgres(c *contract.Contract) (Connector, error) {
	f := c.From
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, fmt.Errorf("the address is no URL; correct %s", c.Path)
	}
	secrets := d.secrets(fromOf(c))
	password, err := secrets.Read("password", f.Password)
	if err != nil {
		return nil, err
	}
	trust, err := secrets.TLS(f.CA, f.Certificate, f.Key)
	if err != nil {
		return nil, err
	}
	u.User, u.RawQuery = url.UserPassword(u.User.Username(), password), "sslmode=disable"
	config, err := pgconn.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New("the address is not that of a PostgreSQL server; write postgres://user@host:5432/database")
	}
	// What the library took from the environment is put aside. Without TLS goes only to this machine, and
	// not when the contract speaks of certificates.
	config.RuntimeParams, config.Fallbacks, config.ValidateConnect, config.TLSConfig = maps.Clone(QuerySettings), nil, nil, nil
	if !contract.Loopback(u.Hostname()) || f.CA != "" || f.Certificate != "" {
		config.TLSConfig = trust.Clone()
		config.TLSConfig.ServerName = u.Hostname()
		config.TLSConfig.MinVersion = tls.VersionTLS12
	}
	config.DialFunc = (&net.Dialer{Timeout: connectTime}).DialContext
	day := f.Peildatum.Of(d.Now)
	return &QueryPlace{Config: config, query: orderedQuery(f.Query), name: contract.DatedName(c.Name, day, ".csv"), peildatum: day, now: d.Now}, nil
}

// Reach gives the connector of a kind of place. Nothing is connected yet.
func (d Dialer) Reach(c *contract.Contract) (Connector, error) {
	switch f := c.From; f.Kind {
	case contract.FromDir:
		return Directory{Path: filepath.Join(d.DataDir, filepath.FromSlash(f.Address)), Glob: f.Glob}, nil
	case contract.FromSFTP:
		return d.reachSFTP(c)
	case contract.FromS3, contract.FromAzblob:
		b, prefix, err := d.Bucket(fromOf(c), f)
		if err != nil {
			return nil, err
		}
		return &bucketPlace{b, f, prefix}, nil
	case contract.FromHTTPS:
		return d.reachHTTPS(c)
	case contract.FromPostgres:
		return d.reachPostgres(c)
	default:
		return nil, fmt.Errorf("there is no connector for %q", f.Kind)
	}
}

// A Dialer connects to places.
type Dialer struct {
	// DataDir is the data directory; a place that is a folder is relative to it.
	DataDir string
	// Env looks up the environment, for secrets and for the proxy of HTTP; nil is an empty one.
	Env func(name string) string
	// Wait lets time pass before a next attempt, or returns an error when ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
	// Jitter returns a random number from 0 to 1.
	Jitter func() float64
	// Patience bounds how long places may take; zero is the standard.
	Patience Patience
	// Now is the moment of the pull, in the zone whose calendar says which day it is.
	Now time.Time
}

// secrets reads the secrets of a place; at names the mapping that holds the place, for errors.
func (d Dialer) secrets(at string) secret.Reader {
	return secret.Reader{At: at, Data: d.DataDir, Env: d.Env}
}

// fromOf names the place of a contract in errors.
func fromOf(c *contract.Contract) string { return c.Path + ": from" }

// archivePath is where a file goes in the archive of its place. The time in the name keeps apart what
// came under one name, and the same file goes to the same name.
func archivePath(f contract.From, found Found) string {
	dir, base := path.Split(found.Name)
	return path.Join(f.Archive, dir, found.Modified.UTC().Format("20060102T150405Z")+"-"+base)
}

// Retry does what is to be done at a place with the patience of a pull: again when what went wrong may
// pass, and not at all for what will not. Each try hears when it must stop: it calls moved whenever
// there was progress. Of the options Wait, Jitter and Patience count.
func (d Dialer) Retry(ctx context.Context, try func(ctx context.Context, moved func()) error) error {
	return d.RetryIdle(ctx, 0, try)
}

// retry tries until it succeeds, the error is not a passing one, or it was tried often enough. Each
// try hears when it must stop: it calls moved whenever the place has given something.
func (d Dialer) RetryIdle(ctx context.Context, idle time.Duration, try func(ctx context.Context, moved func()) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := d.tryOnce(ctx, idle, try)
		if err == nil || ctx.Err() != nil || !isTransient(err) {
			return err
		}
		if n == attempts {
			return fmt.Errorf("%w (tried %d times)", err, n)
		}
		// Half of the pause is chance, so that many who lost the same host do not come back together.
		wait := pause/2 + time.Duration(d.Jitter()*float64(pause/2))
		if err := d.Wait(ctx, wait); err != nil {
			return err
		}
		pause *= 4
	}
}

// tryOnce ends a try when the place is silent or takes too long.
func (d Dialer) tryOnce(ctx context.Context, idle time.Duration, try func(ctx context.Context, moved func()) error) error {
	p := d.Patience.orStandard(idle)
	silent := TransientError{Err: fmt.Errorf("no answer for %s", p.Idle)}
	slow := fmt.Errorf("it takes more than %s", p.Total)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := time.AfterFunc(p.Total, func() { cancel(slow) })
	defer end.Stop()
	quiet := time.AfterFunc(p.Idle, func() { cancel(silent) })
	defer quiet.Stop()
	err := try(ctx, func() { quiet.Reset(p.Idle) })
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, silent) || errors.Is(cause, slow)) {
		return cause
	}
	return err
}

func (d Dialer) reachSFTP(c *contract.Contract) (Connector, error) {
	u, err := url.Parse(c.From.Address)
	if err != nil {
		return nil, fmt.Errorf("the address is no URL; correct %s", c.Path)
	}
	s := &sftpPlace{from: c.From, address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "22")), folder: cmp.Or(u.Path, "/")}
	// A path that begins with /~/ is below the home folder of the user.
	if s.folder == "/~" || strings.HasPrefix(s.folder, "/~/") {
		s.folder = "." + strings.TrimPrefix(s.folder, "/~")
	}
	s.folder = path.Clean(s.folder)
	secrets := d.secrets(fromOf(c))
	if s.hosts, err = readKnownHosts(secrets.Path(c.From.KnownHosts), s.address); err != nil {
		return nil, secrets.Fault("known_hosts", "%w", err)
	}
	method, err := sshAuth(secrets, c.From)
	if err != nil {
		return nil, err
	}
	s.config = &ssh.ClientConfig{User: u.User.Username(), Auth: method, HostKeyAlgorithms: s.hosts.algorithms, Timeout: connectTime}
	return s, nil
}

// client returns the HTTP client of a place. It checks certificates, and uses the proxy that the
// environment names.
func (d Dialer) client(secrets secret.Reader, f contract.From) (*http.Client, error) {
	config, err := secrets.TLS(f.CA, f.Certificate, f.Key)
	if err != nil {
		return nil, err
	}
	env := func(name string) string {
		if d.Env == nil {
			return ""
		}
		if v := d.Env(name); v != "" {
			return v
		}
		return d.Env(strings.ToLower(name))
	}
	proxy := httpproxy.Config{HTTPProxy: env("HTTP_PROXY"), HTTPSProxy: env("HTTPS_PROXY"), NoProxy: env("NO_PROXY")}
	proxyFor := proxy.ProxyFunc()
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       func(r *http.Request) (*url.URL, error) { return proxyFor(r.URL) },
			DialContext: (&net.Dialer{Timeout: connectTime}).DialContext, TLSClientConfig: config, TLSHandshakeTimeout: connectTime,
			// The server sends the bytes of the file as they are.
			DisableCompression: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
				return errors.New("the server sends us to an address without TLS")
			}
			if len(via) > 10 {
				return errors.New("the server sends us on more than ten times")
			}
			return nil
		},
	}, nil
}
