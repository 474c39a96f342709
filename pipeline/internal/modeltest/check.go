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

// Faults returns the faults in the cases of all models. Only Run finds values that do not fit their column.
func Faults(b *graph.Graph) projectfile.Faults {
	_, faults := ReadCases(b, func(string) bool { return true })
	return faults
}

// ReadCases reads the case files of the selected models and checks them against the models.
func ReadCases(b *graph.Graph, selected func(model string) bool) ([]*caseFile, projectfile.Faults) {
	var files []*caseFile
	var faults projectfile.Faults
	for _, name := range b.Cases {
		n := b.ByName[project.ModelOfCase(name)]
		if n == nil || !selected(n.Name) {
			continue
		}
		f, more := parseCases(name, b.Files[name])
		more = append(more, f.checkPeildata(n.Per != graph.PerNone)...)
		if len(more) == 0 {
			more = checkTables(b, n, f)
		}
		files, faults = append(files, f), append(faults, more...)
	}
	return files, faults.Sorted()
}

// inputTables adds the tables that a case may give, with their columns: those that the model reads, and
// those that constant models below it read.
func inputTables(b *graph.Graph, n *graph.Query, tables map[string][]duck.Column) map[string][]duck.Column {
	for _, r := range n.Reads {
		name, columns := columnsOf(b, r)
		tables[name] = columns
		if of := b.ByName[r.Name]; r.Kind == graph.ReadModel && of.Constant() {
			inputTables(b, of, tables)
		}
	}
	return tables
}

// checkTables checks the tables of cases against their model.
func checkTables(b *graph.Graph, n *graph.Query, f *caseFile) projectfile.Faults {
	var faults projectfile.Faults
	tables := inputTables(b, n, map[string][]duck.Column{})
	names := slices.Sorted(maps.Keys(tables))
	for _, c := range f.Cases {
		for _, in := range c.inputs {
			columns, ok := tables[in.name]
			if !ok {
				faults = append(faults, in.fault(in.line, 0, projectfile.DidYouMean(in.name, names), "%s does not read %s", n.Name, in.name))
				continue
			}
			faults = append(faults, in.checkColumns(columns)...)
		}
		faults = append(faults, c.expect.checkColumns(n.Columns)...)
	}
	return faults
}

// checkColumns finds columns that are not among those of the model or table.
func (t *caseTable) checkColumns(columns []duck.Column) projectfile.Faults {
	var faults projectfile.Faults
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = strings.ToLower(c.Name)
	}
	for _, name := range t.Columns {
		if !slices.Contains(names, name) {
			faults = append(faults, t.fault(t.headerLine, 0, projectfile.DidYouMean(name, names), "%s has no column %q", t.name, name))
		}
	}
	return faults
}
