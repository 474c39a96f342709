package schedules

import "embed"

// Files are the schedules of the embedded project, with paths relative to the folder schedules.
//
//go:embed *.yaml
var Files embed.FS

// Schema is the JSON Schema of a schedule. What the parser takes and what the schema says are kept alike
// by a test.
//
//go:embed schema.json
var Schema []byte
