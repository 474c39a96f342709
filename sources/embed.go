// Package sources embeds the contracts and reference tables of the project. contract reads them, place
// connects to the places that deliveries come from, pull takes deliveries in, and delivery records them.
package sources

import "embed"

// Files are the contracts and reference tables of the embedded project, with paths relative to the
// folder sources.
//
//go:embed *.yaml reference/*.csv
var Files embed.FS

// Schema is the JSON Schema of a contract. A test checks that the parser agrees with it.
//
//go:embed schema.json
var Schema []byte
