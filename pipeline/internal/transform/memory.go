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

// A Memory is what the last publication was computed with, to tell why a result is computed now.
type Memory struct {
	Project string                 `json:"project"`
	Program string                 `json:"program"`
	Queries map[string]queryMemory `json:"queries"`
}

type queryMemory struct {
	Text    string `json:"text"`    // fingerprint of the SELECT
	Closure string `json:"closure"` // with all below it
	Refs    string `json:"refs"`    // of the reference tables it reads
}

// memoryName is the file in stand/ that is no result.
const memoryName = "memory.json"

func memoryPath(data string) string { return filepath.Join(data, "stand", memoryName) }

// memory reads what is remembered; nothing when there is nothing, or it cannot be read.
func ReadMemory(data string) Memory {
	var m Memory
	text, err := os.ReadFile(memoryPath(data))
	if err == nil && json.Unmarshal(text, &m) != nil {
		m = Memory{}
	}
	return m
}

// KnownGood tells whether the project is the one that was published last, so that it is known to bind.
func KnownGood(data string, p *project.Project) bool {
	m := ReadMemory(data)
	return m.Project == p.Fingerprint && m.Program == fingerprint.Program
}

// remember writes down what this publication was computed with.
func (e *Engine) writeMemory() error {
	m := Memory{Project: e.Book.Project.Fingerprint, Program: fingerprint.Program, Queries: map[string]queryMemory{}}
	for _, n := range append(slices.Clone(e.Graph.Order), e.Graph.Checks...) {
		m.Queries[n.Name] = queryMemory{Text: n.Definition(), Closure: n.Closure, Refs: e.Graph.Refs(n)}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return durable.WriteFile(memoryPath(e.Path), text, 0o600)
}
