// Package web shows the service in a browser: it fills the dashboard from a data directory and serves it.
//
// Words:
//
//   - A feed supplies the pages: runs, windows, deliveries, marts, and the state of the service.
//   - The delivery calendar says when each source is due; it reads all deliveries, so it is cached.
//   - The server is the listener with its TLS certificate and users.
package web
