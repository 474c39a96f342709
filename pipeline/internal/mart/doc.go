// Package mart verifies, describes and publishes the files that analysts read.
//
// Words:
//
//   - A mart is a published table: a Parquet file, with a CSV copy unless the mart is intern.
//   - A version is one complete set of published files, in a directory named after the run that made it.
//   - A manifest lists the files of a version, the deliveries behind them and the verdicts of the
//     checks. The data package says the same in the Frictionless Data format.
//   - Current is the symbolic link to the published version: the path that BI tools use.
//   - A pin keeps current on a version that somebody rolled back to.
//   - The status says what the last run did, whether or not it published.
//   - A copy is the published version without intern marts, in another folder or in a bucket.
//
// Files:
//
//	marts/current -> versions/<run>
//	marts/status.json, marts/STATUS.txt
//	marts/versions/<run>/<mart>.parquet
//	marts/versions/<run>/intern/<mart>.parquet
//	marts/versions/<run>/manifest.json, datapackage.json
//
// Verify each file, Stage the directory, then Publish it. The last rename of Publish moves current from
// the old version to the new one, and both are complete. Nothing here locks: only one run at a time may
// write to a Store. Reading needs no lock.
package mart
