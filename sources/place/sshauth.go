package place

import (
	"errors"

	"golang.org/x/crypto/ssh"

	"inbeeld/pipeline/secret"
	"inbeeld/sources/contract"
)

// sshAuth returns how to log in to an SFTP server: with a private key, or else a password.
func sshAuth(secrets secret.Reader, f contract.From) ([]ssh.AuthMethod, error) {
	if f.Key == "" {
		password, err := secrets.Read("password", f.Password)
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
