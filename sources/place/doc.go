// Package place connects to where deliveries come from. A place is a folder, server or query; a
// connector lists, opens and removes the files of one place. A new kind of place is one connector and
// one line in Dialer.Reach; the suite in sources/place_suite_test.go proves it.
package place
