// Package checks embeds the check files of the project. checks/rule reads their rules; checks/judge
// writes the SQL of a rule and judges its results.
package checks

import "embed"

// Files are the check files of the embedded project, with paths relative to the folder checks.
//
//go:embed *.yaml *.sql
var Files embed.FS

// Schema is the JSON Schema of a check file (YAML). A test checks that the parser agrees with it.
//
//go:embed schema.json
var Schema []byte
