package model

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// Layers are the schemas of models, from deliveries to publication. A model reads its own layer and those
// before it.
var Layers = []string{"staging", "core", "marts"}

// A Model is one SELECT and the header that describes it. Its path is its name:
// sql/<schema>/<name>.sql is table <schema>.<name>.
type Model struct {
	Schema, Name string
	Path         string
	Text         string // the file with its header, a comment to DuckDB, so that its line numbers are right
	Header       bool   // the header is readable; otherwise grain and columns are unknown
	Description  string
	Grain        []string
	// A PerPeildatum model runs on each peildatum, a Last model only on the last.
	PerPeildatum, Last bool
	// Peildata are the sources whose deliveries determine the peildata; empty means all that it reads.
	Peildata []string
	Intern   bool        // person-level: published separately
	Budget   *Budget     // nil if only a changed definition is judged
	Columns  []ColumnDoc // in the order of the header
	Tags     []string    // for selectors
	Doc      *projectfile.Doc
}

// A ColumnDoc describes one column for readers of the table. Unit is what its numbers count, such as
// personen; Denominator is what a percentage is of. Both may be "".
type ColumnDoc struct{ Name, Description, Unit, Denominator string }

// FullName returns "schema.name".
func (m *Model) FullName() string { return m.Schema + "." + m.Name }

// Describe returns the description of a column, or "".
func (m *Model) Describe(column string) string { return m.Column(column).Description }

// Column returns what the header says about a column; only its name if it says nothing.
func (m *Model) Column(name string) ColumnDoc {
	for _, c := range m.Columns {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return ColumnDoc{Name: name}
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Parse reads a model file, but does not parse its SQL. It returns the model even if there are faults.
func Parse(file string, data []byte) (*Model, projectfile.Faults) {
	m := &Model{Path: file, Text: strings.TrimRight(string(data), "; \t\r\n") + "\n", Schema: path.Base(path.Dir(file)), Name: strings.TrimSuffix(path.Base(file), ".sql")}
	var faults projectfile.Faults
	if !slices.Contains(Layers, m.Schema) {
		faults = append(faults, projectfile.Fault{Path: file, Message: "model outside a layer", Hint: "put it in sql/" + strings.Join(Layers, "/, sql/") + "/"})
	}
	if !identifier.MatchString(m.Name) {
		faults = append(faults, projectfile.Fault{Path: file, Message: "the file name is not a table name", Hint: "use lower-case letters, digits and _, beginning with a letter"})
	}
	if strings.HasSuffix(m.Name, "__vorige") {
		faults = append(faults, projectfile.Fault{Path: file, Message: "a table that ends in __vorige is the preceding stand of another", Hint: "choose another name"})
	}
	if strings.HasSuffix(m.Name, "__jaar") {
		faults = append(faults, projectfile.Fault{Path: file, Message: "a table that ends in __jaar is the stand of another a year before", Hint: "choose another name"})
	}
	header, first := headerOf(m.Text)
	doc, more := projectfile.ParseAt(file, []byte(header), first, 3)
	m.Doc = doc
	if len(more) > 0 {
		return m, append(faults, more...)
	}
	var h struct {
		Description string            `yaml:"description"`
		Grain       []string          `yaml:"grain"`
		Per         string            `yaml:"per"`
		Peildata    []string          `yaml:"peildata"`
		Intern      bool              `yaml:"intern"`
		Budget      *budgetHeader     `yaml:"budget"`
		Tags        []string          `yaml:"tags"`
		Columns     []projectfile.Key `yaml:"columns"`
	}
	if more := doc.Decode(&h); len(more) > 0 {
		return m, append(faults, more...)
	}
	m.Header = true
	m.Description, m.Grain, m.Intern, m.Peildata, m.Tags = h.Description, h.Grain, h.Intern, h.Peildata, h.Tags
	if m.Description == "" {
		faults = append(faults, doc.At("$", "begin the file with: -- description: …", "model without description"))
	}
	switch h.Per {
	case "":
	case "peildatum":
		m.PerPeildatum = true
	case "laatste":
		m.Last = true
	default:
		faults = append(faults, doc.At("$.per", "known: peildatum (a stand on each), laatste (the last stand only)", "unknown per %q", h.Per))
	}
	if len(m.Peildata) > 0 && h.Per == "" {
		faults = append(faults, doc.At("$.peildata", "add per: peildatum or per: laatste, or remove it", "peildata of a model without per"))
	}
	if len(m.Grain) == 0 {
		faults = append(faults, doc.At("$", "name the columns that make a row unique: -- grain: [peildatum, …]", "model without grain"))
	}
	if m.Intern && m.Schema != "marts" {
		faults = append(faults, doc.At("$.intern", "remove it", "only marts are published, so only they can be intern"))
	}
	faults = append(faults, m.budget(h.Budget)...)
	for _, key := range h.Columns {
		if c, ok := columnDoc(doc.Mapping(key.Value, &faults), key.Name); ok {
			m.Columns = append(m.Columns, c)
		}
	}
	return m, faults
}

// columnKeys are the keys of a column with more than a description.
var columnKeys = []string{"description", "unit", "denominator"}

// columnDoc reads a column: its description, or a mapping of description, unit and denominator.
func columnDoc(m projectfile.Mapping, name string) (ColumnDoc, bool) {
	c := ColumnDoc{Name: name}
	if m.Is(projectfile.KindText) {
		c.Description = m.Text
	}
	for _, key := range m.Keys {
		field := map[string]*string{"description": &c.Description, "unit": &c.Unit, "denominator": &c.Denominator}[key.Name]
		if field == nil {
			m.Unknown(columnKeys, " of column "+name)
			return c, false
		}
		if *field = key.Value.Text; !key.Value.Is(projectfile.KindText) || *field == "" {
			m.Fault(key.Value, "write a text", "%s of column %s is not a text", key.Name, name)
			return c, false
		}
	}
	switch {
	case (c.Unit == percentage) != (c.Denominator != ""):
		m.Fault(m.Value, "write denominator: what the percentage is of, with unit: "+percentage+" and only then",
			"column %s has a percentage without a denominator, or the reverse", name)
	case c.Description == "":
		m.Fault(m.Value, "write: column: description", "column %s has no description", name)
	default:
		return c, true
	}
	return c, false
}

// percentage is the unit that needs a denominator.
const percentage = "procent"

// headerOf returns the leading comment lines of a model file as YAML, and the line on which they begin, from
// 0.
func headerOf(text string) (header string, first int) {
	var b strings.Builder
	started := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		rest, isComment := strings.CutPrefix(line, "--")
		switch {
		case !started && strings.TrimSpace(line) == "":
			continue
		case !isComment:
			return b.String(), first
		case !started:
			started, first = true, i
		}
		b.WriteString(strings.TrimPrefix(rest, " ") + "\n")
	}
	return b.String(), first
}
