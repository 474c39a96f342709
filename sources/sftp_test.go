package sources

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// An sftpServer serves the files of a folder to the user "regio".
type sftpServer struct {
	*testing.T
	net.Listener
	config *ssh.ServerConfig
	key    ssh.Signer
	denied atomic.Bool
	// options apply to every session.
	options []sftp.ServerOption
}

func newSigner(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	write(t, file, string(pem.EncodeToMemory(block)))
	return signer, file
}

func newSFTPServer(t *testing.T, allowed ssh.PublicKey) *sftpServer {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sftpServer{T: t, Listener: l}
	s.key, _ = newSigner(t)
	s.config = &ssh.ServerConfig{
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if s.denied.Load() || meta.User() != "regio" || string(key.Marshal()) != string(allowed.Marshal()) {
				return nil, errors.New("no")
			}
			return nil, nil
		},
		KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password:"}, []bool{false})
			if err != nil || len(answers) != 1 || answers[0] != "geheim" {
				return nil, errors.New("no")
			}
			return nil, nil
		},
	}
	s.config.AddHostKey(s.key)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *sftpServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		server, err := sftp.NewServer(channel, s.options...)
		if err != nil {
			return
		}
		go func() {
			if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
				_ = server.Close()
			}
		}()
	}
}

// hosts writes a known_hosts with a key for an address.
func (s *sftpServer) hosts(address string, key ssh.PublicKey) string {
	s.Helper()
	file := filepath.Join(s.TempDir(), "known_hosts")
	write(s.T, file, knownhosts.Line([]string{knownhosts.Normalize(address)}, key)+"\n")
	return file
}

// host is a new server for the suite.
func sftpHost(t *testing.T) (*sftpServer, *host) {
	user, key := newSigner(t)
	s := newSFTPServer(t, user.PublicKey())
	f := folder{t, filepath.Join(t.TempDir(), "uit")}
	if err := os.Mkdir(f.path, 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWire(t, s.Listener.Addr().String())
	known := s.hosts(w.addr(), s.key.PublicKey())
	at := func(path string) string {
		return "{sftp: 'sftp://regio@" + w.addr() + path + "', known_hosts: 'file:" + known + "', key: 'file:" + key + "'}"
	}
	label := "sftp://HOST" + f.path
	return s, &host{
		from: at(f.path), missing: at(f.path + "/niets"), label: strings.Replace(label, "HOST", w.addr(), 1), file: "sonar_20201231.csv",
		put:  func(text string, minutes int) { f.put("sonar_20201231.csv", text, minutes) },
		gone: func() { f.remove("sonar_20201231.csv") }, other: f.put, lies: f.files, wire: w, resumes: true,
		deny: func() { s.denied.Store(true) },
		says: map[string]string{
			"drops":          label + " sonar_20201231.csv: copy: connection lost (tried 4 times)",
			"silent":         label + " : no response for 200ms (tried 4 times)",
			"silent halfway": label + " sonar_20201231.csv: no response for 800ms (tried 4 times)",
			"refuses":        label + " : connect: dial tcp HOST: connect: connection refused (tried 4 times)",
			"missing":        label + "/niets : the server has no " + f.path + "/niets; check the address in the contract: file does not exist",
			"denied":         label + " : the server refuses user regio; check the user, and the key or password",
		},
	}
}

func TestSFTPPlace(t *testing.T) {
	testPlace(t, func(t *testing.T) *host {
		_, h := sftpHost(t)
		return h
	})
}

// TestSFTPTrusts: a connection requires the known key of the host.
func TestSFTPTrusts(t *testing.T) {
	s, h := sftpHost(t)
	h.put("aap\n", 1)
	other, otherKey := newSigner(t)
	swap := func(from, key, to string) string {
		i := strings.Index(from, key)
		return from[:i] + key + to + from[i+strings.IndexByte(from[i:], '\'')+1+strings.IndexByte(from[i+strings.IndexByte(from[i:], '\'')+1:], '\''):]
	}
	known := func(file string) string { return swap(h.from, "known_hosts: 'file:", file) }
	changed, elsewhere, empty := s.hosts(h.wire.addr(), other.PublicKey()), s.hosts("elders.nl:22", other.PublicKey()), filepath.Join(t.TempDir(), "leeg")
	write(t, empty, "")
	const hosts = "sources/sonar.yaml: from.known_hosts: "
	for _, c := range []struct{ name, from, want string }{
		{"changed host key", known(changed), "the host key of HOST is not the one in " + changed + ": it may be another machine; ask the supplier whether " +
			ssh.FingerprintSHA256(s.key.PublicKey()) + " is correct before you change that file"},
		{"unknown host", known(elsewhere), hosts + elsewhere + " has no key of HOST; get the key from the supplier, and add it"},
		{"nobody known", known(empty), hosts + empty + " has no key of HOST; get the key from the supplier, and add it"},
		{"no known_hosts", known("/niets"), hosts + "open /niets: no such file or directory; write the host key from the supplier to that file"},
		{"other key", swap(h.from, "key: 'file:", otherKey), "the server refuses user regio; check the user, and the key or password"},
		{"no key", swap(h.from, "key: 'file:", empty), "sources/sonar.yaml: from.key: file:" + empty + " is empty; write the secret to that file"},
		{"other password", strings.Replace(swap(h.from, "key: '", "env:FOUT"), ", key:", ", password:", 1), "the server refuses user regio; check the user, and the key or password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.env = map[string]string{"FOUT": "fout"}
			b := newPlaceBench(t, h, c.from)
			want := c.want
			if c.name == "changed host key" && b.pauses > 0 {
				t.Error("tried again")
			}
			b.costs("failed " + strings.Replace(h.label, h.wire.addr(), "HOST", 1) + " : " + want)
		})
	}
	h.env = map[string]string{"GOED": "geheim", "ZIN": "een zin", "FOUT": "fout"}
	locked := lockedKey(t, h.from, "een zin")
	for with, want := range map[string]string{
		"":                          "sources/sonar.yaml: from.key: file:" + locked + " has a passphrase; add passphrase: env:NAME or file:PATH",
		", passphrase: 'env:FOUT'":  "sources/sonar.yaml: from.passphrase: env:FOUT does not open file:" + locked + ": x509: decryption password incorrect",
		", passphrase: 'env:NIETS'": "sources/sonar.yaml: from.passphrase: env:NIETS is empty; set it for the user that runs inbeeld",
	} {
		b := newPlaceBench(t, h, strings.TrimSuffix(swap(h.from, " key: 'file:", locked), "}")+with+"}")
		b.costs("failed " + h.label + " : " + want)
	}
	opened := newPlaceBench(t, h, strings.TrimSuffix(swap(h.from, " key: 'file:", locked), "}")+", passphrase: 'env:ZIN'}")
	opened.expect(opened.pull(), opened.landedAs(2))
	b := newPlaceBench(t, h, strings.Replace(swap(h.from, "key: '", "env:GOED"), ", key:", ", password:", 1))
	b.expect(b.pull(), b.landedAs(2))
}

// lockedKey writes a key with a passphrase.
func lockedKey(t *testing.T, from, passphrase string) string {
	t.Helper()
	_, rest, _ := strings.Cut(from, " key: 'file:")
	file, _, _ := strings.Cut(rest, "'")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParseRawPrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(t.TempDir(), "locked")
	write(t, locked, string(pem.EncodeToMemory(block)))
	return locked
}

// TestSFTPArchiveThatCannot: a file on a read-only server stays, and the pull reports it.
func TestSFTPArchiveThatCannot(t *testing.T) {
	s, h := sftpHost(t)
	s.options = []sftp.ServerOption{sftp.ReadOnly()}
	h.put("aap\n", 1)
	b := newPlaceBench(t, h, strings.TrimSuffix(h.from, "}")+", archive: gedaan}")
	b.expect(b.pull(), b.landedAs(2))
	folder := strings.TrimPrefix(h.label, "sftp://"+h.wire.addr())
	for range 2 {
		b.expect(b.pull(), "failed "+h.label+" "+h.file+": the file was received, but could not be removed: the server denies access to "+folder+
			"/gedaan; ask the supplier: permission denied; remove it, and allow the program to remove files there")
	}
}
