package secret

import (
	"crypto/tls"
	"crypto/x509"
)

// TLS returns the configuration of a client, for TLS 1.2 and later. The keys ca, certificate and key of
// the mapping refer to PEM. With a ca, only that authority may sign the certificate of the server. With a
// certificate and its key, the client presents that certificate.
func (r Reader) TLS(ca, certificate, key string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		text, err := r.Read("ca", ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(text)) {
			return nil, r.Fault("ca", "%s contains no certificate; write it as PEM", ca)
		}
	}
	if certificate == "" {
		return c, nil
	}
	public, err := r.Read("certificate", certificate)
	if err != nil {
		return nil, err
	}
	private, err := r.Read("key", key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(public), []byte(private))
	if err != nil {
		return nil, r.Fault("certificate", "%s and %s are not a certificate and its key: %w", certificate, key, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}
