// Package place connects to the places that deliveries come from.
//
// Words:
//
//   - A place is a folder, server, object store or query.
//   - A connector lists, opens and removes the files of one place.
//   - A found file is a file as listed. A generated one, such as the rows of a query, exists only when read.
//   - A dialer creates connectors, and retries what fails.
//   - A transient error is one that a retry may solve.
//   - Patience is how long a pull waits for a place.
//
// A new kind of place is one connector and one case in [Dialer.Reach]; sources/place_suite_test.go tests it.
package place
