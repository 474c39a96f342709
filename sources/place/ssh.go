package place

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"inbeeld/pipeline/secret"
	"inbeeld/sources/contract"
)

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
