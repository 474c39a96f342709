package schedules

import "embed"

// Files are the schedules of the embedded project, with paths relative to the folder schedules.
//
//go:embed *.yaml
var Files embed.FS

// Schema is the JSON Schema of a schedule. A test checks that ParseSchedule agrees with it.
//
//go:embed schema.json
var Schema []byte
