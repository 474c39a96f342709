// Package dashboard shows what the service does, over HTTP: pages in plain Dutch for people, JSON and
// metrics in English for programs. It only reads.
//
// Words: a page is rendered here, from templates in the binary, and needs no JavaScript; a view is what
// a page shows, and what /api/v1 gives. Counts of people below five are written "minder dan 5".
package dashboard
