package sources

import "embed"

// Files are the contracts and reference tables of the embedded project, with paths relative to the
// folder sources.
//
//go:embed *.yaml reference/*.csv
var Files embed.FS

// Schema is the JSON Schema of a contract. What the parser takes and what the schema says are kept alike
// by a test.
//
//go:embed schema.json
var Schema []byte
