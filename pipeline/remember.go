package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/project"
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

func memoryFile(data string) string { return filepath.Join(data, "stand", memoryName) }

// memory reads what is remembered; nothing when there is nothing, or it cannot be read.
func readMemory(data string) memory {
	var m memory
	text, err := os.ReadFile(memoryFile(data))
	if err == nil && json.Unmarshal(text, &m) != nil {
		m = memory{}
	}
	return m
}

// knownGood tells whether the project is the one that was published last, so that it is known to bind.
func knownGood(data string, p *project.Project) bool {
	m := readMemory(data)
	return m.Project == p.Fingerprint && m.Program == fingerprint.Program
}

// remember writes down what this publication was computed with.
func (c *Engine) remember() error {
	m := memory{Project: c.Book.Project.Fingerprint, Program: fingerprint.Program, Queries: map[string]remembered{}}
	for _, n := range append(slices.Clone(c.Graph.Order), c.Graph.Checks...) {
		m.Queries[n.Name] = remembered{Text: n.Definition(), Closure: n.Closure, Refs: c.Graph.Refs(n)}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return durable.WriteFile(memoryFile(c.Path), text, 0o600)
}
