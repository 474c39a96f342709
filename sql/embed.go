// Package sql embeds the models of the project (staging, core, marts) and their cases. sql/model reads
// a model file; sql/quote turns names and values into SQL text.
package sql

import "embed"

// Files are the models of the embedded project and their cases.
//
//go:embed staging core marts tests
var Files embed.FS

// Schema is the JSON Schema of the header of a model. A test checks that the parser agrees with it.
//
//go:embed schema.json
var Schema []byte
