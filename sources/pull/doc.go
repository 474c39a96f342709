// Package pull takes in what places offer: it looks twice, retries, reads ahead, hashes, and lands each
// file as a delivery. What stops one file or source stops no other.
package pull
