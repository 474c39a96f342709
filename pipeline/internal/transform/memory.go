package transform

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/project"
)

// A Memory records what the last publication was computed with. A plan compares with it to tell why a
// step must be computed.
type Memory struct {
	Project string                 `json:"project"`
	Program string                 `json:"program"`
	Queries map[string]queryMemory `json:"queries"`
}

type queryMemory struct {
	Text    string `json:"text"`    // fingerprint of the SELECT
	Closure string `json:"closure"` // fingerprint of the SELECT with all queries below it
	Refs    string `json:"refs"`    // fingerprint of the reference tables that it reads
}

// memoryName is the only file in stand/ that is not a result.
const memoryName = "memory.json"

func memoryPath(data string) string { return filepath.Join(data, "stand", memoryName) }

// ReadMemory reads the memory of a data directory. A missing or damaged one is empty.
func ReadMemory(data string) Memory {
	var m Memory
	text, err := os.ReadFile(memoryPath(data))
	if err == nil && json.Unmarshal(text, &m) != nil {
		m = Memory{}
	}
	return m
}

// WasBound reports whether this program published this project last, so that its SQL is known to bind.
func WasBound(data string, p *project.Project) bool {
	m := ReadMemory(data)
	return m.Project == p.Fingerprint && m.Program == fingerprint.Program
}

// writeMemory records what this publication was computed with.
func (e *Engine) writeMemory() error {
	m := Memory{Project: e.Book.Project.Fingerprint, Program: fingerprint.Program, Queries: map[string]queryMemory{}}
	for _, n := range append(slices.Clone(e.Graph.Order), e.Graph.Checks...) {
		m.Queries[n.Name] = queryMemory{Text: n.Definition(), Closure: n.Closure, Refs: e.Graph.ReferenceFingerprint(n)}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return durable.WriteFile(memoryPath(e.Path), text, 0o600)
}
