package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"slices"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"inbeeld/pipeline/secret"
	"inbeeld/sources/contract"
)

// An sftpPlace is a folder of an SFTP server. All calls share one connection, which is made again if it is
// lost.
type sftpPlace struct {
	from            contract.From
	address, folder string
	config          *ssh.ClientConfig
	hosts           knownHosts
	session         *sftpSession
}

type sftpSession struct {
	conn   net.Conn
	shell  *ssh.Client
	client *sftp.Client
}

func (s *sftpSession) close() {
	_ = s.conn.Close()
	_ = s.client.Close()
	_ = s.shell.Close()
}

// connect returns the session, and connects if there is none.
func (s *sftpPlace) connect(ctx context.Context) (*sftpSession, error) {
	if s.session != nil {
		return s.session, nil
	}
	conn, err := (&net.Dialer{Timeout: connectTime}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	config := *s.config
	var refused error
	config.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		refused = s.hosts.check(host, remote, key)
		return refused
	}
	secure, channels, requests, err := ssh.NewClientConn(conn, s.address, &config)
	switch {
	case refused != nil:
		return nil, refused
	case err != nil && strings.Contains(err.Error(), "unable to authenticate"):
		return nil, fmt.Errorf("the server refuses user %s; check the user, and the key or password", config.User)
	case err != nil:
		return nil, fmt.Errorf("connect: %w", err)
	}
	shell := ssh.NewClient(secure, channels, requests)
	client, err := sftp.NewClient(shell, sftp.UseConcurrentReads(true))
	if err != nil {
		_ = shell.Close()
		return nil, fmt.Errorf("connect: the server has no SFTP: %w", err)
	}
	s.session = &sftpSession{conn, shell, client}
	return s.session, nil
}

// with calls do with a client, and disconnects when ctx ends or the connection is lost.
func (s *sftpPlace) with(ctx context.Context, do func(*sftp.Client) error) error {
	session, err := s.connect(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, session.close)
	err = s.asTransient(do(session.client))
	if !stop() {
		s.session = nil
	}
	return err
}

// asTransient returns a lost connection as a transient error, and closes the session then.
func (s *sftpPlace) asTransient(err error) error {
	var status *sftp.StatusError
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrExist), errors.Is(err, ErrChanged):
		return err
	case errors.As(err, &status) && !errors.Is(err, sftp.ErrSSHFxConnectionLost) && !errors.Is(err, sftp.ErrSSHFxNoConnection):
		return err
	}
	s.Close()
	return TransientError{Err: err}
}

func (s *sftpPlace) List(ctx context.Context) (found []Found, err error) {
	err = s.with(ctx, func(client *sftp.Client) error {
		found, err = walk(ctx, s.from, func(ctx context.Context, folder string) ([]Found, error) {
			entries, err := client.ReadDirContext(ctx, path.Join(s.folder, folder))
			if err != nil {
				return nil, serverError(err, path.Join(s.folder, folder))
			}
			var found []Found
			for _, e := range entries {
				found = append(found, foundOf(e.Name(), e))
			}
			return found, nil
		})
		return err
	})
	return found, err
}

// serverError adds to an error of the server what it is about and what to do.
func serverError(err error, name string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the server has no %s; check the address in the contract: %w", name, fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the server denies access to %s; ask the supplier: %w", name, fs.ErrPermission)
	}
	return err
}

// Open opens a file, and reads it with concurrent requests, since each takes a round trip.
func (s *sftpPlace) Open(ctx context.Context, found Found, offset int64) (io.ReadCloser, error) {
	session, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, session.close)
	name := path.Join(s.folder, found.Name)
	file, err := session.client.Open(name)
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrChanged
	}
	if err != nil {
		stop()
		return nil, s.asTransient(serverError(err, name))
	}
	in, out := io.Pipe()
	r := &sftpReader{place: s, client: session.client, file: file, name: name, found: found, in: in, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		_, err := file.WriteTo(out)
		_ = out.CloseWithError(err)
	}()
	return r, nil
}

// An sftpReader reads a file, and checks at its end that it did not change.
type sftpReader struct {
	place  *sftpPlace
	client *sftp.Client
	file   *sftp.File
	name   string
	found  Found
	in     *io.PipeReader
	stop   func() bool
	done   chan struct{}
}

func (r *sftpReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, r.place.asTransient(err)
	}
	if err := r.place.unchanged(r.client, r.name, r.found); err != nil {
		return n, r.place.asTransient(err)
	}
	return n, io.EOF
}

func (r *sftpReader) Close() error {
	_ = r.in.Close()
	<-r.done
	err := r.file.Close()
	if !r.stop() {
		r.place.Close()
	}
	return err
}

// unchanged returns ErrChanged if a file is no longer the one found.
func (s *sftpPlace) unchanged(client *sftp.Client, name string, found Found) error {
	info, err := client.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrChanged
	}
	if err != nil {
		return serverError(err, name)
	}
	if !foundOf(found.Name, info).Same(found) {
		return ErrChanged
	}
	return nil
}

func (s *sftpPlace) Remove(ctx context.Context, found Found) error {
	if s.from.Archive == "" {
		return ErrReadOnly
	}
	return s.with(ctx, func(client *sftp.Client) error {
		name, to := path.Join(s.folder, found.Name), path.Join(s.folder, archivePath(s.from, found))
		if _, err := client.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err := s.unchanged(client, name, found); err != nil {
			return err
		}
		if err := client.MkdirAll(path.Dir(to)); err != nil {
			return serverError(err, path.Dir(to))
		}
		// PosixRename replaces the file if it was archived before; not every server supports it.
		if err := client.PosixRename(name, to); err != nil {
			if err = client.Rename(name, to); err != nil {
				return serverError(err, name)
			}
		}
		return nil
	})
}

func (s *sftpPlace) Close() {
	if s.session != nil {
		s.session.close()
		s.session = nil
	}
}

// knownHosts has the keys of one host in a known_hosts file.
type knownHosts struct {
	file     string
	callback ssh.HostKeyCallback
	// algorithms are the algorithms of those keys. A host that may choose another algorithm shows a key
	// that is not in the file.
	algorithms []string
}

func readKnownHosts(file, address string) (knownHosts, error) {
	k := knownHosts{file: file}
	var err error
	if k.callback, err = knownhosts.New(file); err != nil {
		return k, fmt.Errorf("%w; write the host key from the supplier to that file", err)
	}
	// For a key of no host, the error lists the keys that the file has.
	var fault *knownhosts.KeyError
	if err := k.callback(address, &net.TCPAddr{IP: net.IPv4zero}, noKey{}); !errors.As(err, &fault) || len(fault.Want) == 0 {
		return k, k.unknown(address)
	}
	for _, known := range fault.Want {
		if known.Key.Type() == ssh.KeyAlgoRSA {
			k.algorithms = append(k.algorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			k.algorithms = append(k.algorithms, known.Key.Type())
		}
	}
	return k, nil
}

func (k knownHosts) unknown(address string) error {
	return fmt.Errorf("%s has no key of %s; get the key from the supplier, and add it", k.file, address)
}

// check returns an error if the file does not have this key of the host.
func (k knownHosts) check(host string, remote net.Addr, hostKey ssh.PublicKey) error {
	err := k.callback(host, remote, hostKey)
	var fault *knownhosts.KeyError
	switch {
	case errors.As(err, &fault) && len(fault.Want) > 0:
		return fmt.Errorf("the host key of %s is not the one in %s: it may be another machine; ask the supplier whether %s is correct before you change that file",
			host, k.file, ssh.FingerprintSHA256(hostKey))
	case errors.As(err, &fault):
		return k.unknown(host)
	}
	return err
}

// noKey is a public key of no host.
type noKey struct{}

func (noKey) Type() string { return "none" }

func (noKey) Marshal() []byte { return []byte("none") }

func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

// sshAuth returns how to log in to an SFTP server: with a private key, or else a password.
func sshAuth(secrets secret.Reader, f contract.From) ([]ssh.AuthMethod, error) {
	if f.Key == "" {
		password, err := secrets.Read("password", f.Password)
		if err != nil {
			return nil, err
		}
		// Many servers ask for the password as a question.
		return []ssh.AuthMethod{ssh.Password(password), ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			return slices.Repeat([]string{password}, len(questions)), nil
		})}, nil
	}
	text, err := secrets.Read("key", f.Key)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey([]byte(text + "\n"))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked) && f.Passphrase == "":
		return nil, secrets.Fault("key", "%s has a passphrase; add passphrase: env:NAME or file:PATH", f.Key)
	case errors.As(err, &locked):
		passphrase, err := secrets.Read("passphrase", f.Passphrase)
		if err != nil {
			return nil, err
		}
		if signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(text+"\n"), []byte(passphrase)); err != nil {
			return nil, secrets.Fault("passphrase", "%s does not open %s: %w", f.Passphrase, f.Key, err)
		}
	case err != nil:
		return nil, secrets.Fault("key", "%s is not a private key: %w", f.Key, err)
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
}
