// Package web serves the dashboard of a service, with the data of its data directory.
//
// Words:
//
//   - A feed supplies the pages: runs, windows, deliveries, marts, and the state of the service.
//   - The delivery calendar says when each source is due; it reads all deliveries, so it is cached.
//   - The server is the listener with its TLS certificate and users.
package web
