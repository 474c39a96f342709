// Package checks embeds the rule files of the project. checks/rule reads a rule; checks/judge turns it
// into SQL and what that measures into a verdict.
package checks

import "embed"

// Files are the check files of the embedded project, with paths relative to the folder checks.
//
//go:embed *.yaml *.sql
var Files embed.FS

// Schema is the JSON Schema of a check file (YAML). What the parser takes and what the schema says are kept alike
// by a test.
//
//go:embed schema.json
var Schema []byte
