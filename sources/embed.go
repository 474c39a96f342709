package sources

import "embed"

// Files are the contracts and reference tables of the embedded project, with paths relative to the
// folder sources.
//
//go:embed *.yaml reference/*.csv
var Files embed.FS
