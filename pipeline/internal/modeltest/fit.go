package modeltest

import (
	"maps"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/projectfile"
)

// CaseFaults are the faults in the cases of all models, but for values that do not fit their column:
// TestModels finds those.
func Faults(b *graph.Graph) projectfile.Faults {
	_, faults := ReadCases(b, func(string) bool { return true })
	return faults
}

// ReadCases reads the case files of models and compares them with their models.
func ReadCases(b *graph.Graph, selected func(model string) bool) ([]*caseFile, projectfile.Faults) {
	var files []*caseFile
	var faults projectfile.Faults
	for _, name := range b.Cases {
		n := b.ByName[project.ModelOfCase(name)]
		if n == nil || !selected(n.Name) {
			continue
		}
		f, more := parseCases(name, b.Files[name])
		more = append(more, f.dated(n.Per != graph.PerNone)...)
		if len(more) == 0 {
			more = fit(b, n, f)
		}
		files, faults = append(files, f), append(faults, more...)
	}
	return files, faults.Sorted()
}

// open are the tables that a case of a model may give, with their columns: what it reads, and what the
// constant models that it reads rest on.
func open(b *graph.Graph, n *graph.Query, tables map[string][]duck.Column) map[string][]duck.Column {
	for _, r := range n.Reads {
		name, columns := columnsOf(b, r)
		tables[name] = columns
		if of := b.ByName[r.Name]; r.Kind == graph.ReadModel && of.Constant() {
			open(b, of, tables)
		}
	}
	return tables
}

// fit compares the tables of cases with those of their model.
func fit(b *graph.Graph, n *graph.Query, f *caseFile) projectfile.Faults {
	var faults projectfile.Faults
	tables := open(b, n, map[string][]duck.Column{})
	names := slices.Sorted(maps.Keys(tables))
	for _, c := range f.Cases {
		for _, in := range c.inputs {
			columns, ok := tables[in.name]
			if !ok {
				faults = append(faults, in.fault(in.line, 0, projectfile.DidYouMean(in.name, names), "%s does not read %s", n.Name, in.name))
				continue
			}
			faults = append(faults, in.known(columns)...)
		}
		faults = append(faults, c.expect.known(n.Columns)...)
	}
	return faults
}

// known finds columns that a table does not have.
func (t *caseTable) known(columns []duck.Column) projectfile.Faults {
	var faults projectfile.Faults
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = strings.ToLower(c.Name)
	}
	for _, name := range t.Columns {
		if !slices.Contains(names, name) {
			faults = append(faults, t.fault(t.headAt, 0, projectfile.DidYouMean(name, names), "%s has no column %q", t.name, name))
		}
	}
	return faults
}
