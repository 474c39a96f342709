// Package datadir has the data directory as a process uses it: its checks, disk space, lock, logs and
// settings.
//
// Words:
//
//   - The data directory holds deliveries, the lake, results, marts and everything else that a run keeps.
//   - A Dir is a data directory with the settings of a process: memory, threads, clock, environment, log.
//   - A Journal records a run: notes, disk use and progress.
//   - A checkpoint is a stage boundary, where disk use is measured and tests kill the run.
//   - The processing log records who processed personal data, and why.
//   - A rewrite (key rotation or erasure) changes the pseudonyms in the whole data directory.
package datadir
