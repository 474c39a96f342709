package pipeline

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/dag"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/sources"
	"inbeeld/sql"
)

// A Dictionary explains a project to those who read its tables: a pure function of the project, so
// that the same project gives the same bytes.
type Dictionary struct {
	Title, Description, Program, Fingerprint string
	Layers                                   []DocumentedLayer // marts first
	Sources                                  []DocumentedSource
	References                               []DocumentedReference
	Checks                                   []DocumentedCheck // all, by table and name
	Drawing                                  *Drawing
}

// A DocumentedLayer is a layer with its models by name.
type DocumentedLayer struct {
	Name, Title, Text string
	Models            []DocumentedModel
}

// A DocumentedModel is a model in words.
type DocumentedModel struct {
	Name, Description, Per string
	Grain                  []string
	Intern                 bool
	Definition             string // the definitieversie of a mart, "" of others
	Columns                []DocumentedColumn
	Reads, ReadBy          []string
	Checks                 []DocumentedCheck
}

// A DocumentedColumn is a column. Of marts only, From are the columns in which its values begin, and
// Fixed says in words what they are when there is none.
type DocumentedColumn struct {
	Name, Type, Description, Unit, Denominator string
	From                                       []string
	Fixed                                      string
}

// A DocumentedSource is a contract in words.
type DocumentedSource struct {
	Name, Description, Supplier, Pattern, Refused string
	Every, Grace                                  string // "" when nothing is expected
	Optional                                      bool
	Key, ReadBy                                   []string
	Columns                                       []DocumentedSourceColumn
	Checks                                        []DocumentedCheck
}

// A DocumentedSourceColumn is a column as it is delivered, and what it is called here.
type DocumentedSourceColumn struct {
	Name, As, Type, Description string
	Aliases, Values             []string
	Min, Max                    string
	Required                    bool
}

// A DocumentedReference is a reference table; Rows are there when they are few.
type DocumentedReference struct {
	Name    string
	Columns []string
	Count   int
	Rows    [][]string
	ReadBy  []string
}

// fewRows is how many rows of a reference table are shown.
const fewRows = 25

// Document explains the project in words.
func (b *Bound) Document(ctx context.Context) (*Dictionary, error) {
	d := &Dictionary{
		Title: b.Config.Title, Description: b.Config.Description, Program: fingerprint.Program, Fingerprint: b.Fingerprint[:12],
		Drawing: b.draw(),
	}
	var names []string
	readBy := map[string][]string{}
	for _, n := range b.order {
		names = append(names, n.name)
		for _, r := range n.reads {
			table := strings.TrimSuffix(r.table(), beforeSuffix)
			readBy[table] = append(readBy[table], n.name)
		}
	}
	for table := range readBy {
		slices.Sort(readBy[table])
		readBy[table] = slices.Compact(readBy[table])
	}
	lines, err := b.lineages(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, layer := range slices.Backward(sql.Layers) {
		l := DocumentedLayer{Name: layer, Title: say("layer", layer), Text: say("layertext", layer)}
		for _, m := range b.Models {
			if m.Schema == layer {
				l.Models = append(l.Models, b.documentModel(b.nodes[m.FullName()], lines, readBy[m.FullName()]))
			}
		}
		slices.SortFunc(l.Models, func(x, y DocumentedModel) int { return strings.Compare(x.Name, y.Name) })
		if len(l.Models) > 0 {
			d.Layers = append(d.Layers, l)
		}
	}
	for _, c := range b.Contracts {
		s := documentSource(c, readBy["raw."+c.Name])
		s.Checks = b.documentChecks("raw."+c.Name, "quarantine."+c.Name)
		d.Sources = append(d.Sources, s)
	}
	for _, r := range b.References {
		doc := DocumentedReference{Name: "ref." + r.Name, Columns: r.Columns, Count: len(r.Rows), ReadBy: readBy["ref."+r.Name]}
		if len(r.Rows) <= fewRows {
			doc.Rows = r.Rows
		}
		d.References = append(d.References, doc)
	}
	for _, r := range b.Rules {
		d.Checks = append(d.Checks, documentCheck(r))
	}
	slices.SortFunc(d.Checks, func(x, y DocumentedCheck) int {
		return cmp.Or(strings.Compare(x.Table, y.Table), strings.Compare(x.Name, y.Name))
	})
	return d, nil
}

func (b *Bound) documentModel(n *node, lines map[string]dag.Lineage, readBy []string) DocumentedModel {
	m := DocumentedModel{Name: n.name, Description: n.model.Description, Grain: n.model.Grain, Intern: n.model.Intern, Reads: []string{}, ReadBy: readBy}
	if n.basis != nil {
		m.Definition = n.basis.version()
	}
	per := struct {
		Per      string
		Peildata []string
	}{}
	switch n.per {
	case perPeildatum:
		per.Per, per.Peildata = "peildatum", n.peildata
	case perLast:
		per.Per, per.Peildata = "laatste", n.peildata
	case perNone:
	}
	m.Per = say("per", per)
	for _, r := range n.reads {
		m.Reads = append(m.Reads, r.table())
	}
	slices.Sort(m.Reads)
	for _, c := range n.columns {
		said := n.model.Column(c.Name)
		doc := DocumentedColumn{Name: c.Name, Type: say("type", c.Type), Description: said.Description, Unit: said.Unit, Denominator: said.Denominator}
		if n.model.Schema == "marts" {
			doc.From, doc.Fixed = b.documentOrigin(lines, dag.Origin{Table: n.name, Column: c.Name})
		}
		m.Columns = append(m.Columns, doc)
	}
	m.Checks = b.documentChecks(n.name)
	return m
}

// documentChecks are the checks on some tables, by name.
func (b *Bound) documentChecks(tables ...string) []DocumentedCheck {
	var list []DocumentedCheck
	for _, r := range b.Rules {
		if slices.Contains(tables, r.Schema+"."+r.Table) {
			list = append(list, documentCheck(r))
		}
	}
	slices.SortFunc(list, func(x, y DocumentedCheck) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// documentOrigin says where the values of a column begin.
func (b *Bound) documentOrigin(lines map[string]dag.Lineage, column dag.Origin) (from []string, fixed string) {
	values := b.follower(lines)
	values.follow(column)
	for _, end := range values.ends() {
		if table, rows := end.rows(); rows {
			from = append(from, say("rows", table))
			continue
		}
		from = append(from, end.Text())
	}
	switch {
	case len(from) > 0:
	case values.seen[dag.Origin{Column: dag.Peildatum}]:
		fixed = say("ofpeildatum", nil)
	default:
		fixed = say("constant", nil)
	}
	return from, fixed
}

func documentSource(c *sources.Contract, readBy []string) DocumentedSource {
	s := DocumentedSource{
		Name: "raw." + c.Name, Description: strings.TrimSuffix(c.Description, ".") + ".", Supplier: c.Supplier, Pattern: c.Pattern(), Optional: c.Optional,
		Key: c.Key, ReadBy: readBy, Refused: say("refused", c.Limits),
	}
	if c.Every > 0 {
		s.Every, s.Grace = days(c.Every), days(c.Grace)
	}
	for _, col := range c.Columns {
		doc := DocumentedSourceColumn{
			Name: col.Name, As: col.As, Type: say("sourcetype", string(col.Type)), Description: col.Description,
			Aliases: col.Aliases, Values: col.Values, Required: col.Required,
		}
		if col.Min != nil {
			doc.Min = *col.Min
		}
		if col.Max != nil {
			doc.Max = *col.Max
		}
		s.Columns = append(s.Columns, doc)
	}
	return s
}

func days(d time.Duration) string { return say("days", int(d/(24*time.Hour))) }
