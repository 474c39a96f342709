package fingerprint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// loaderVersion changes whenever the load would make other rows from the same delivery.
const Loader = 4

// Version is that of this program; what changed in each is in CHANGELOG.md.
const Version = "0.1.0"

// Program names this program and what it computes with; it stands in manifests and ledgers.
const Program = "inbeeld " + Version + ", DuckDB 1.1.2"

// digest is a fingerprint over texts in order; no two lists of texts share one.
func Of(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// engineVersion changes whenever the same models and deliveries would give other results.
const Engine = "6"
