package checks

import "embed"

// Files are the check files of the embedded project, with paths relative to the folder checks.
//
//go:embed *.yaml *.sql
var Files embed.FS
