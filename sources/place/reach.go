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

// Bucket returns the object store of a place, and the prefix of the keys in its folder. It only uses the
// credentials to which the place refers, none from the environment or home folder, and does not connect. Of
// d it uses DataDir and Env. In errors, at is where the place is defined: "inbeeld.yaml: publish.to".
func (d Dialer) Bucket(at string, f contract.From) (_ *bucket.Bucket, prefix string, err error) {
	secrets := d.secrets(at)
	client, err := d.client(secrets, f)
	if err != nil {
		return nil, "", err
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, "", errors.New("the address is not a URL; correct the contract")
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
		return nil, "", secrets.Fault("token", "%s is not a SAS token; one looks like sv=…&sig=…", f.Token)
	case err != nil:
		return nil, "", secrets.Fault("key", "%s is not a key of a storage account; one is base64", f.Key)
	}
	return b, prefix, nil
}

func (d Dialer) reachHTTPS(c *contract.Contract, u *url.URL) (Connector, error) {
	f := c.From
	secrets := d.secrets(fromOf(c))
	client, err := d.client(secrets, f)
	if err != nil {
		return nil, err
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

func (d Dialer) reachPostgres(c *contract.Contract, u *url.URL) (Connector, error) {
	f := c.From
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
	// Ignore what the library read from the environment. Only a connection to this machine may be without
	// TLS, unless the contract has certificates.
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

// Reach returns the connector of the place of a contract. It does not connect yet.
func (d Dialer) Reach(c *contract.Contract) (Connector, error) {
	f := c.From
	if f.Kind == contract.FromDir {
		return Directory{Path: filepath.Join(d.DataDir, filepath.FromSlash(f.Address)), Glob: f.Glob}, nil
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, fmt.Errorf("the address is not a URL; correct %s", c.Path)
	}
	switch f.Kind {
	case contract.FromSFTP:
		return d.reachSFTP(c, u)
	case contract.FromS3, contract.FromAzblob:
		b, prefix, err := d.Bucket(fromOf(c), f)
		if err != nil {
			return nil, err
		}
		return &bucketPlace{b, f, prefix}, nil
	case contract.FromHTTPS:
		return d.reachHTTPS(c, u)
	case contract.FromPostgres:
		return d.reachPostgres(c, u)
	default:
		return nil, fmt.Errorf("there is no connector for %q", f.Kind)
	}
}

// A Dialer connects to places.
type Dialer struct {
	// DataDir is the data directory, to which the folders of places are relative.
	DataDir string
	// Env looks up environment variables, for secrets and the HTTP proxy; nil is an empty environment.
	Env func(name string) string
	// Wait waits before another attempt, or returns an error when ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
	// Jitter returns a random number from 0 to 1.
	Jitter func() float64
	// Patience limits how long places may take; zero is the default.
	Patience Patience
	// Now is the time of the pull, in the time zone that determines the day.
	Now time.Time
}

// secrets returns a reader of the secrets of a place, which is defined at.
func (d Dialer) secrets(at string) secret.Reader {
	return secret.Reader{At: at, Data: d.DataDir, Env: d.Env}
}

// fromOf returns where a contract defines its place, for errors.
func fromOf(c *contract.Contract) string { return c.Path + ": from" }

// archivePath returns the path of a file in the archive of its place. The time in it separates files with the
// same name, and the same file always gets the same path.
func archivePath(f contract.From, found Found) string {
	dir, base := path.Split(found.Name)
	return path.Join(f.Archive, dir, found.Modified.UTC().Format("20060102T150405Z")+"-"+base)
}

// Retry calls try until it succeeds, its error is not transient, or there were enough attempts. It cancels
// an attempt that makes no progress for idle, 0 for the default, or takes too long: try must call progress
// when data arrives. Of d it uses Wait, Jitter and Patience.
func (d Dialer) Retry(ctx context.Context, idle time.Duration, try func(ctx context.Context, progress func()) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := d.tryOnce(ctx, idle, try)
		if err == nil || ctx.Err() != nil || !isTransient(err) {
			return err
		}
		if n == attempts {
			return fmt.Errorf("%w (tried %d times)", err, n)
		}
		// Half of the pause is random, so that clients of a failed host do not all return together.
		wait := pause/2 + time.Duration(d.Jitter()*float64(pause/2))
		if err := d.Wait(ctx, wait); err != nil {
			return err
		}
		pause *= 4
	}
}

// tryOnce makes one attempt, and cancels it if the place is silent or takes too long.
func (d Dialer) tryOnce(ctx context.Context, idle time.Duration, try func(ctx context.Context, progress func()) error) error {
	p := d.Patience.orDefault(idle)
	silent := TransientError{Err: fmt.Errorf("no response for %s", p.Idle)}
	slow := fmt.Errorf("it took more than %s", p.Total)
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

func (d Dialer) reachSFTP(c *contract.Contract, u *url.URL) (Connector, error) {
	s := &sftpPlace{from: c.From, address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "22")), folder: cmp.Or(u.Path, "/")}
	// A path that begins with /~/ is relative to the home folder of the user.
	if s.folder == "/~" || strings.HasPrefix(s.folder, "/~/") {
		s.folder = "." + strings.TrimPrefix(s.folder, "/~")
	}
	s.folder = path.Clean(s.folder)
	secrets := d.secrets(fromOf(c))
	var err error
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

// client returns the HTTP client of a place, with its certificates and the proxy from the environment.
func (d Dialer) client(secrets secret.Reader, f contract.From) (*http.Client, error) {
	config, err := secrets.TLS(f.CA, f.Certificate, f.Key)
	if err != nil {
		return nil, err
	}
	env := func(name string) string {
		if d.Env == nil {
			return ""
		}
		return cmp.Or(d.Env(name), d.Env(strings.ToLower(name)))
	}
	proxy := httpproxy.Config{HTTPProxy: env("HTTP_PROXY"), HTTPSProxy: env("HTTPS_PROXY"), NoProxy: env("NO_PROXY")}
	proxyFor := proxy.ProxyFunc()
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       func(r *http.Request) (*url.URL, error) { return proxyFor(r.URL) },
			DialContext: (&net.Dialer{Timeout: connectTime}).DialContext, TLSClientConfig: config, TLSHandshakeTimeout: connectTime,
			// The bytes of the file must stay as they are.
			DisableCompression: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
				return errors.New("the server redirects to an address without TLS")
			}
			if len(via) > 10 {
				return errors.New("the server redirects more than ten times")
			}
			return nil
		},
	}, nil
}
