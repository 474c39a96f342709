package pipeline

import (
	"testing"
)

// truthProperties holds what is published against itself.
func truthProperties(t *testing.T, marts map[string]readTable) {
	t.Helper()
	checkDims(t, marts)
}
