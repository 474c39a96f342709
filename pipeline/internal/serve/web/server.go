package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/usage"
)

// Settings say where the dashboard listens, with which TLS certificate and key, and who may log in: files,
// "" for none.
type Settings struct{ Listen, TLSCert, TLSKey, Users string }

// Start listens and serves the dashboard in the background until the server is shut down. Settings that
// would expose it without TLS and users are a usage error.
func Start(ctx context.Context, c Settings, source dashboard.Source, metrics *dashboard.Metrics, log zerolog.Logger) (*http.Server, error) {
	access := dashboard.Access{Listen: c.Listen, TLS: c.TLSCert != ""}
	tlsConfig, err := readCertificate(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	if c.Users != "" {
		text, err := os.ReadFile(c.Users)
		if err != nil {
			return nil, usage.Errorf("serve: users: %v", err)
		}
		if access.Users, err = dashboard.ParseUsers(c.Users, text); err != nil {
			return nil, usage.Errorf("serve: users: %v", err)
		}
	}
	if err := access.Check(); err != nil {
		return nil, usage.Errorf("%v", err)
	}
	handler, err := dashboard.Handler(source, access, metrics)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", access.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, usage.Errorf("listen on %s: the address is in use; stop the other program, or choose another address with --listen", access.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", access.Listen, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: stdlog.New(log.Level(zerolog.DebugLevel), "", 0), TLSConfig: tlsConfig, // mostly disconnected browsers
	}
	scheme := "http"
	if access.TLS {
		scheme = "https"
	}
	log.Info().Str("dashboard", scheme+"://"+listener.Addr().String()).Msg("listening")
	go func() {
		run := server.Serve
		if access.TLS {
			run = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		if err := run(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error().Err(err).Msg("the dashboard stopped; the schedules go on")
		}
	}()
	return server, nil
}

// readCertificate returns the TLS configuration of a certificate and its key; nil without both.
func readCertificate(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, usage.Errorf("serve: set both tls_cert and tls_key, or neither")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, usage.Errorf("serve: tls_cert and tls_key: %v", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
