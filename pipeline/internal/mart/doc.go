// Package mart publishes what analysts read: it reads marts back, describes them, and makes them
// visible together.
//
// A mart is a published table, as one or more Parquet files. A version is one complete set of
// published files that belong together, in a directory of its own under versions/, named after the
// run that made it. Its manifest says what is in it, from which deliveries it was made and what the
// checks found; its data package says the same to tools that know Frictionless Data. Current is the
// symbolic link to the version that is published: the path that BI tools use. The status is what the
// last run did, beside current, whether or not it published anything.
//
//	marts/current -> versions/<run>
//	marts/status.json, marts/STATUS.txt
//	marts/versions/<run>/<mart>.parquet
//	marts/versions/<run>/intern/<mart>.parquet
//	marts/versions/<run>/manifest.json, datapackage.json
//
// The order is Verify for every file, Stage for the directory, Publish for the switch. Until the last
// rename of Publish, current is the old version; after it, it is the new one; both are complete.
// Nothing here locks: the caller lets one run at a time write to a Store. Reading needs no lock.
package mart
