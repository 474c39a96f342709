// Package fingerprint makes fingerprints and holds the versions that go into them.
package fingerprint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// LoaderVersion changes whenever a load would make different rows from the same delivery.
const LoaderVersion = 4

// Version is the version of this program. CHANGELOG.md lists the changes of each.
const Version = "0.1.0"

// Program names this program and its database, for manifests and ledgers.
const Program = "inbeeld " + Version + ", DuckDB 1.1.2"

// Of returns the SHA-256 of a list of texts, in hex. Lengths go in too, so different lists differ.
func Of(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// EngineVersion changes whenever the same models and deliveries would give different results.
const EngineVersion = "6"
