package dictionary

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/ruletext"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/sources/contract"
	"inbeeld/sql/model"
)

// A Dictionary explains a project to the readers of its tables. It is a pure function of the project.
type Dictionary struct {
	Title, Description, Program, Fingerprint string
	Layers                                   []DocumentedLayer // marts first
	Sources                                  []DocumentedSource
	References                               []DocumentedReference
	Checks                                   []ruletext.Check // by table and name
	Drawing                                  *Drawing
}

// A DocumentedLayer is a layer with its models, by name.
type DocumentedLayer struct {
	Name, Title, Text string
	Models            []DocumentedModel
}

// A DocumentedModel describes a model.
type DocumentedModel struct {
	Name, Description, Per string
	Grain                  []string
	Intern                 bool
	Definition             string // the definitieversie of a mart; "" for other models
	Columns                []DocumentedColumn
	Reads, ReadBy          []string
	Checks                 []ruletext.Check
}

// A DocumentedColumn describes a column. In marts only, From lists the source columns of its values, and
// Fixed describes the values if there are none.
type DocumentedColumn struct {
	Name, Type, Description, Unit, Denominator string
	From                                       []string
	Fixed                                      string
}

// A DocumentedSource describes a contract.
type DocumentedSource struct {
	Name, Description, Supplier, Pattern, Refused string
	Every, Grace                                  string // "" if there is no rhythm
	Optional                                      bool
	Key, ReadBy                                   []string
	Columns                                       []DocumentedSourceColumn
	Checks                                        []ruletext.Check
}

// A DocumentedSourceColumn describes a column as delivered, and its name in the project.
type DocumentedSourceColumn struct {
	Name, As, Type, Description string
	Aliases, Values             []string
	Min, Max                    string
	Required                    bool
}

// A DocumentedReference describes a reference table. Rows is empty if it has more than fewRows rows.
type DocumentedReference struct {
	Name    string
	Columns []string
	Count   int
	Rows    [][]string
	ReadBy  []string
}

// fewRows is the largest number of rows for which a reference table is shown.
const fewRows = 25

// Document returns the dictionary of a project.
func Document(ctx context.Context, b *graph.Graph) (*Dictionary, error) {
	d := &Dictionary{
		Title: b.Config.Title, Description: b.Config.Description, Program: fingerprint.Program, Fingerprint: b.Fingerprint[:12],
		Drawing: draw(b),
	}
	var names []string
	readBy := map[string][]string{}
	for _, n := range b.Order {
		names = append(names, n.Name)
		for _, r := range n.Reads {
			table := strings.TrimSuffix(r.Table(), graph.BeforeSuffix)
			readBy[table] = append(readBy[table], n.Name)
		}
	}
	for table := range readBy {
		slices.Sort(readBy[table])
		readBy[table] = slices.Compact(readBy[table])
	}
	lines, err := b.Lineages(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, layer := range slices.Backward(model.Layers) {
		l := DocumentedLayer{Name: layer, Title: ruletext.Render("layer", layer), Text: ruletext.Render("layertext", layer)}
		for _, m := range b.Models {
			if m.Schema == layer {
				l.Models = append(l.Models, documentModel(b, b.ByName[m.FullName()], lines, readBy[m.FullName()]))
			}
		}
		slices.SortFunc(l.Models, func(x, y DocumentedModel) int { return strings.Compare(x.Name, y.Name) })
		if len(l.Models) > 0 {
			d.Layers = append(d.Layers, l)
		}
	}
	for _, c := range b.Contracts {
		s := documentSource(c, readBy["raw."+c.Name])
		s.Checks = documentChecks(b, "raw."+c.Name, "quarantine."+c.Name)
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
		d.Checks = append(d.Checks, ruletext.Describe(r))
	}
	slices.SortFunc(d.Checks, func(x, y ruletext.Check) int {
		return cmp.Or(strings.Compare(x.Table, y.Table), strings.Compare(x.Name, y.Name))
	})
	return d, nil
}

func documentModel(b *graph.Graph, n *graph.Query, lines map[string]sqlast.Lineage, readBy []string) DocumentedModel {
	m := DocumentedModel{Name: n.Name, Description: n.Model.Description, Grain: n.Model.Grain, Intern: n.Model.Intern, Reads: []string{}, ReadBy: readBy}
	if n.Basis != nil {
		m.Definition = n.Basis.Version()
	}
	per := struct {
		Per      string
		Peildata []string
	}{}
	switch n.Per {
	case graph.PerPeildatum:
		per.Per, per.Peildata = "peildatum", n.Peildata
	case graph.PerLast:
		per.Per, per.Peildata = "laatste", n.Peildata
	case graph.PerNone:
	}
	m.Per = ruletext.Render("per", per)
	for _, r := range n.Reads {
		m.Reads = append(m.Reads, r.Table())
	}
	slices.Sort(m.Reads)
	for _, c := range n.Columns {
		described := n.Model.Column(c.Name)
		doc := DocumentedColumn{Name: c.Name, Type: ruletext.Render("type", c.Type), Description: described.Description, Unit: described.Unit, Denominator: described.Denominator}
		if n.Model.Schema == "marts" {
			doc.From, doc.Fixed = documentOrigin(b, lines, sqlast.Origin{Table: n.Name, Column: c.Name})
		}
		m.Columns = append(m.Columns, doc)
	}
	m.Checks = documentChecks(b, n.Name)
	return m
}

// documentChecks returns the checks on some tables, by name.
func documentChecks(b *graph.Graph, tables ...string) []ruletext.Check {
	var list []ruletext.Check
	for _, r := range b.Rules {
		if slices.Contains(tables, r.Schema+"."+r.Table) {
			list = append(list, ruletext.Describe(r))
		}
	}
	slices.SortFunc(list, func(x, y ruletext.Check) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// documentOrigin returns the source columns of a column, or what its values are if there are none.
func documentOrigin(b *graph.Graph, lines map[string]sqlast.Lineage, column sqlast.Origin) (from []string, fixed string) {
	values := b.NewTracer(lines)
	values.Follow(column)
	for _, end := range values.Ends() {
		if table, rows := end.Rows(); rows {
			from = append(from, ruletext.Render("rows", table))
			continue
		}
		from = append(from, end.Text())
	}
	switch {
	case len(from) > 0:
	case values.Seen[sqlast.Origin{Column: sqlast.Peildatum}]:
		fixed = ruletext.Render("ofpeildatum", nil)
	default:
		fixed = ruletext.Render("constant", nil)
	}
	return from, fixed
}

func documentSource(c *contract.Contract, readBy []string) DocumentedSource {
	s := DocumentedSource{
		Name: "raw." + c.Name, Description: strings.TrimSuffix(c.Description, ".") + ".", Supplier: c.Supplier, Pattern: c.Pattern(), Optional: c.Optional,
		Key: c.Key, ReadBy: readBy, Refused: ruletext.Render("refused", c.Limits),
	}
	if c.Every > 0 {
		s.Every, s.Grace = days(c.Every), days(c.Grace)
	}
	for _, col := range c.Columns {
		doc := DocumentedSourceColumn{
			Name: col.Name, As: col.As, Type: ruletext.Render("sourcetype", string(col.Type)), Description: col.Description,
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

func days(d time.Duration) string { return ruletext.Render("days", int(d/(24*time.Hour))) }
