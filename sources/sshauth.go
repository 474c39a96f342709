package sources

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// sshAuth is how we show who we are: with a key, or with a password.
func (o Options) sshAuth(f From) ([]ssh.AuthMethod, error) {
	if f.Key == "" {
		password, err := o.secret(f.Password)
		if err != nil {
			return nil, err
		}
		// Many servers ask for the password as a question.
		return []ssh.AuthMethod{ssh.Password(password), ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = password
			}
			return answers, nil
		})}, nil
	}
	text, err := o.secret(f.Key)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey([]byte(text + "\n"))
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked) && f.Passphrase == "":
		return nil, fmt.Errorf("%s has a passphrase; say where that is with passphrase: env:NAME or file:PATH", f.Key)
	case errors.As(err, &locked):
		passphrase, err := o.secret(f.Passphrase)
		if err != nil {
			return nil, err
		}
		if key, err = ssh.ParsePrivateKeyWithPassphrase([]byte(text+"\n"), []byte(passphrase)); err != nil {
			return nil, fmt.Errorf("%s does not open %s: %w", f.Passphrase, f.Key, err)
		}
		return []ssh.AuthMethod{ssh.PublicKeys(key)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no private key: %w", f.Key, err)
	}
	return []ssh.AuthMethod{ssh.PublicKeys(key)}, nil
}
