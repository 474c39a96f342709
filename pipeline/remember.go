package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/fingerprint"
)

// A memory is what the last publication was computed with, to tell why a result is computed now.
type memory struct {
	Project string                `json:"project"`
	Program string                `json:"program"`
	Queries map[string]remembered `json:"queries"`
}

type remembered struct {
	Text    string `json:"text"`    // fingerprint of the SELECT
	Closure string `json:"closure"` // with all below it
	Refs    string `json:"refs"`    // of the reference tables it reads
}

// memoryName is the file in stand/ that is no result.
const memoryName = "memory.json"

func (r *runner) memoryFile() string { return filepath.Join(r.Data, "stand", memoryName) }

// memory reads what is remembered; nothing when there is nothing, or it cannot be read.
func (r *runner) memory() memory {
	var m memory
	text, err := os.ReadFile(r.memoryFile())
	if err == nil && json.Unmarshal(text, &m) != nil {
		m = memory{}
	}
	return m
}

// knownGood tells whether the project is the one that was published last, so that it is known to bind.
func (r *runner) knownGood() bool {
	m := r.memory()
	return m.Project == r.project.Fingerprint && m.Program == fingerprint.Program
}

// remember writes down what this publication was computed with.
func (r *runner) remember() error {
	m := memory{Project: r.project.Fingerprint, Program: fingerprint.Program, Queries: map[string]remembered{}}
	for _, n := range append(slices.Clone(r.bound.Order), r.bound.Checks...) {
		m.Queries[n.Name] = remembered{Text: n.Definition(), Closure: n.Closure, Refs: r.bound.Refs(n)}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return durable.WriteFile(r.memoryFile(), text, 0o600)
}
