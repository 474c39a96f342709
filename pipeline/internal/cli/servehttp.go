package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"inbeeld/pipeline/internal/dashboard"
	"inbeeld/pipeline/internal/usage"
)

// listen opens the dashboard. It answers in the background until it is shut down.
func (s *service) listen(ctx context.Context, source dashboard.Source, metrics *dashboard.Metrics) (*http.Server, error) {
	c := s.config.Serve
	access := dashboard.Access{Listen: c.Listen, TLS: c.TLSCert != ""}
	if access.Listen == "" {
		access.Listen = defaultListen
	}
	certificates, err := certificate(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	if c.Users != "" {
		text, err := os.ReadFile(c.Users)
		if err != nil {
			return nil, &usage.Error{Message: "serve: users: " + err.Error()}
		}
		if access.Users, err = dashboard.ParseUsers(c.Users, text); err != nil {
			return nil, &usage.Error{Message: "serve: users: " + err.Error()}
		}
	}
	if err := access.Check(); err != nil {
		return nil, &usage.Error{Message: err.Error()}
	}
	handler, err := dashboard.Handler(source, access, metrics)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", access.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &usage.Error{Message: fmt.Sprintf("listen on %s: another program does already; stop it, or choose another place with --listen", access.Listen)}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", access.Listen, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: quiet(s.options.Log), TLSConfig: certificates,
	}
	scheme := "http"
	if access.TLS {
		scheme = "https"
	}
	s.options.Log.Info().Str("dashboard", scheme+"://"+listener.Addr().String()).Msg("listening")
	go func() {
		answer := server.Serve
		if access.TLS {
			answer = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		if err := answer(listener); !errors.Is(err, http.ErrServerClosed) {
			s.options.Log.Error().Err(err).Msg("the dashboard stopped; the schedules go on")
		}
	}()
	return server, nil
}

// certificate reads what the dashboard shows that it is who it is; nil without TLS.
func certificate(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, &usage.Error{Message: "serve: tls_cert and tls_key go together; give both, or neither"}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, &usage.Error{Message: "serve: tls_cert and tls_key: " + err.Error()}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
