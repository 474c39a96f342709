package modeltest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/projectfile"
)

// A caseFile is the case file of one model.
type caseFile struct {
	path, Model string
	archive     *txtar.Archive
	Cases       []*ModelCase
}

// A ModelCase is one case: tables in, a table out.
type ModelCase struct {
	name, rule, peildatum string
	doc                   *projectfile.Doc
	invalid               bool // its first section has faults
	line                  int
	inputs                []*caseTable
	expect                *caseTable // without columns if there is no expectation yet
	section               int        // of expect, in the archive
}

const expectName = "expect.csv"

var (
	caseName      = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	caseTableName = regexp.MustCompile(`^([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)\.csv$`)
)

// parseCases reads sql/tests/<schema>.<name>.txtar.
func parseCases(file string, text []byte) (*caseFile, projectfile.Faults) {
	f := &caseFile{path: file, Model: project.ModelOfCase(file)}
	clean := strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")
	f.archive = txtar.Parse([]byte(clean))
	var faults projectfile.Faults
	line := strings.Count(string(f.archive.Comment), "\n") + 1
	byName := map[string]*ModelCase{}
	for i, section := range f.archive.Files {
		faults = append(faults, f.add(byName, i, section.Name, string(section.Data), line)...)
		line += strings.Count(string(section.Data), "\n") + 1
	}
	for _, c := range f.Cases {
		if c.expect == nil {
			faults = append(faults, projectfile.Fault{Path: file, Line: c.line, Message: "case " + c.name + " has no expectation", Hint: "add -- " + c.name + "/" + expectName + " --"})
		}
	}
	if len(f.Cases) == 0 && len(faults) == 0 {
		faults = append(faults, projectfile.Fault{Path: file, Line: 1, Message: "the file has no case", Hint: "a case begins with a line -- name --"})
	}
	return f, faults
}

// add reads one section. line is that of its marker.
func (f *caseFile) add(byName map[string]*ModelCase, index int, section, text string, line int) projectfile.Faults {
	fault := func(hint, format string, args ...any) projectfile.Faults {
		return projectfile.Faults{{Path: f.path, Line: line, Message: fmt.Sprintf(format, args...), Hint: hint}}
	}
	name, table, isTable := strings.Cut(section, "/")
	c := byName[name]
	switch {
	case !caseName.MatchString(name):
		return fault("use lower-case letters, digits, - and _", "%q is not a valid case name", name)
	case !isTable && c != nil:
		return fault("", "case %s is also on line %d", name, c.line)
	case !isTable:
		c = &ModelCase{name: name, line: line}
		byName[name] = c
		f.Cases = append(f.Cases, c)
		return c.describe(f.path, text, line)
	case c == nil:
		return fault("put -- "+name+" -- with its rule before it", "%s belongs to no case", section)
	case table == expectName && c.expect != nil:
		return fault("", "%s occurs twice", section)
	case table == expectName:
		var faults projectfile.Faults
		c.expect, faults = ParseCaseTable(f.path, expectName, text, line)
		c.section = index
		return faults
	}
	m := caseTableName.FindStringSubmatch(table)
	if m == nil {
		return fault("write -- "+name+"/<schema>.<table>.csv -- or -- "+name+"/"+expectName+" --", "%q is not a table", table)
	}
	if slices.ContainsFunc(c.inputs, func(t *caseTable) bool { return t.name == m[1] }) {
		return fault("", "%s occurs twice", section)
	}
	t, faults := ParseCaseTable(f.path, m[1], text, line)
	if len(t.Columns) == 0 && len(faults) == 0 {
		faults = fault("begin with the column names, separated by ;", "%s has no header", section)
	}
	c.inputs = append(c.inputs, t)
	return faults
}

// describe reads the first section of a case.
func (c *ModelCase) describe(file, text string, line int) projectfile.Faults {
	doc, faults := projectfile.ParseAt(file, []byte(text), line, 0)
	c.doc = doc
	var h struct {
		Rule      string `yaml:"rule"`
		Peildatum string `yaml:"peildatum"`
	}
	if len(faults) == 0 {
		faults = doc.Decode(&h)
	}
	if c.invalid = len(faults) > 0; c.invalid {
		return faults
	}
	c.rule, c.peildatum = h.Rule, h.Peildatum
	if c.rule == "" {
		faults = append(faults, projectfile.Fault{Path: file, Line: line, Message: "case " + c.name + " has no rule", Hint: "say what it shows; add below it: rule: …"})
	}
	if _, err := time.Parse(time.DateOnly, c.peildatum); c.peildatum != "" && err != nil {
		faults = append(faults, doc.At("$.peildatum", "write it as 2020-12-31", "%q is not a date", c.peildatum))
	}
	return faults
}

// checkPeildata finds cases without a peildatum if the model runs per peildatum, and cases with one if not.
func (f *caseFile) checkPeildata(per bool) projectfile.Faults {
	var faults projectfile.Faults
	for _, c := range f.Cases {
		switch {
		case c.invalid:
		case per && c.peildatum == "":
			faults = append(faults, projectfile.Fault{Path: f.path, Line: c.line, Message: "case " + c.name + " has no peildatum", Hint: f.Model + " runs per peildatum; add below it: peildatum: 2020-12-31"})
		case !per && c.peildatum != "":
			faults = append(faults, c.doc.At("$.peildatum", "remove it", "%s does not run per peildatum", f.Model))
		}
	}
	return faults
}

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
		tables[r.Table()] = b.ColumnsOf(r)
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
