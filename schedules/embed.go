package schedules

import "embed"

// Files are the schedules of the embedded project, with paths relative to the folder schedules.
//
//go:embed *.yaml
var Files embed.FS
