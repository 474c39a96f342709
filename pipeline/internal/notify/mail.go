package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wneessen/go-mail"

	"inbeeld/pipeline/secret"
)

// A mailer sends mail to one address at a time, so that an address that the server refuses does not keep
// the message from the others.
type mailer struct {
	SMTP
	sender   string
	password string
	tls      *tls.Config
}

func (s Settings) openMail(secrets secret.Reader) (Channel, error) {
	password, err := secrets.Read("password", s.SMTP.Password)
	if err != nil {
		return nil, err
	}
	config, err := secrets.TLS(s.SMTP.CA, "", "")
	if err != nil {
		return nil, err
	}
	config.ServerName = s.SMTP.Host
	return mailer{SMTP: s.SMTP, sender: s.Sender, password: password, tls: config}, nil
}

// Send holds one SMTP conversation. A 5xx answer about the message or its address is permanent. Every
// other failure may pass, also a refused password or certificate, which people repair.
func (c mailer) Send(ctx context.Context, p Parcel) error {
	message, err := c.compose(p)
	if err != nil {
		return &SendError{Permanent: true, Err: err}
	}
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(c.tls), mail.WithTimeout(attemptTimeout),
		mail.WithDialContextFunc(c.dial(ctx)), mail.WithHELO(c.domain()),
	}
	auth := mail.SMTPAuthAutoDiscover
	if c.TLS == implicitTLS { // dial does the handshake, unseen by the library
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
		auth = mail.SMTPAuthPlainNoEnc
	}
	if c.User != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(c.User), mail.WithPassword(c.password))
	}
	client, err := mail.NewClient(c.Host, options...)
	if err != nil {
		return &SendError{Permanent: true, Err: fmt.Errorf("mail: %w", err)}
	}
	if err := client.DialWithContext(ctx); err != nil {
		return &SendError{Unreachable: true, Err: fmt.Errorf("mail server %s: %w", c.Host, err)}
	}
	err = client.Send(message)
	_ = client.Close() // whatever the server answers to QUIT
	if message.IsDelivered() {
		return nil
	}
	var refused *mail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return &SendError{Permanent: true, Err: fmt.Errorf("mail server %s: %w", c.Host, err)}
	}
	return &SendError{Err: fmt.Errorf("mail server %s: %w", c.Host, err)}
}

// dial returns a function that connects; the connection closes when sending ends, however slow the server.
func (c mailer) dial(sending context.Context) mail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(sending, func() { _ = conn.Close() })
		if c.TLS != implicitTLS {
			return conn, nil
		}
		secure := tls.Client(conn, c.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
}

// domain returns the domain of the sender.
func (c mailer) domain() string {
	from, err := mailAddress(c.sender)
	if err != nil {
		return "localhost"
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return domain
}

func (c mailer) compose(p Parcel) (*mail.Msg, error) {
	to, err := mailAddress(p.Address)
	if err != nil {
		return nil, err
	}
	from, err := mailAddress(c.sender)
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg()
	m.FromMailAddress(from)
	if err := m.To(to.String()); err != nil {
		return nil, fmt.Errorf("mail to %s: %w", to.Address, err)
	}
	m.SetMessageIDWithValue(p.ID + "@" + c.domain())
	m.SetDateWithValue(p.Created)
	m.Subject(oneLine(p.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("Content-Language", "nl")
	m.SetBodyString(mail.TypeTextPlain, p.Text)
	m.AddAlternativeString(mail.TypeTextHTML, p.HTML)
	for _, f := range p.Files {
		m.AttachReadSeeker(f.Name, bytes.NewReader(f.Data))
	}
	return m, nil
}
