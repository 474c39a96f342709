package inspect

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sources/delivery"
	"inbeeld/sql/model"
)

// A Trace says what a table is made from: models, and the deliveries in the published version.
type Trace struct {
	Table       string `json:"table"`
	Description string `json:"description"`
	// Models begins with the table itself; each model comes after all models that read it.
	Models []TracedModel `json:"models"`
	// Version is the published version with the table, and Peildatum the stand in it that Deliveries are for.
	// Both are "" if the table is not published.
	Version    string             `json:"version,omitempty"`
	Peildatum  string             `json:"peildatum,omitempty"`
	Deliveries []TracedDelivery   `json:"deliveries"`
	Column     *graph.ColumnTrace `json:"column,omitempty"`
}

// A TracedModel is a model below a table. Level is the length of the longest path from the table.
type TracedModel struct {
	Name  string   `json:"name"`
	Level int      `json:"level"`
	Reads []string `json:"reads"` // tables as named in its SELECT
}

// A TracedDelivery is a delivery below a table. Received is the modification time of the delivered file. It
// and the counts are zero if landing or the lake no longer has them.
type TracedDelivery struct {
	Source    string    `json:"source"`
	Peildatum string    `json:"peildatum"`
	File      string    `json:"file"`
	SHA256    string    `json:"sha256"`
	Received  time.Time `json:"received,omitzero"`
	Records   int64     `json:"records"`
	Loaded    int64     `json:"loaded"`
}

// TraceOptions select what to trace.
type TraceOptions struct {
	// Of is [schema.]table[.column]; the default schema is marts.
	Of string
	// Data is the data directory with the published version.
	Data string
	// Peildatum selects a stand; "" means the last.
	Peildatum string
}

// TraceTable traces a table, or one column of it, down to the deliveries. It only reads, so it may be used
// during a run. If the table does not exist, it returns a *usage.Error with the nearest name.
func TraceTable(ctx context.Context, b *graph.Graph, o TraceOptions) (*Trace, error) {
	n, column, err := Find(b, o.Of)
	if err != nil {
		return nil, err
	}
	t := &Trace{Table: n.Name, Description: n.Model.Description, Models: traceModels(b, n), Deliveries: []TracedDelivery{}}
	if err := traceDeliveries(b, t, n, o); err != nil {
		return nil, err
	}
	if column == "" {
		return t, nil
	}
	lines, err := b.Lineages(ctx, b.Below(n))
	if err != nil {
		return nil, err
	}
	t.Column = b.TraceColumn(lines, n, column)
	return t, nil
}

// Find resolves [schema.]table[.column]. The default schema is marts.
func Find(b *graph.Graph, of string) (n *graph.Query, column string, err error) {
	parts := strings.Split(of, ".")
	if !slices.Contains(model.Layers, parts[0]) {
		parts = append([]string{"marts"}, parts...)
	}
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return nil, "", usage.Errorf("%q is not a mart or column; write mart or mart.column", of)
	}
	var names []string
	for _, m := range b.Models {
		if m.Schema == parts[0] {
			names = append(names, m.Name)
		}
	}
	if !slices.Contains(names, parts[1]) {
		return nil, "", usage.Errorf("there is no table %s.%s; %s", parts[0], parts[1], cmp.Or(projectfile.DidYouMean(parts[1], names), "see: inbeeld docs"))
	}
	n = b.ByName[parts[0]+"."+parts[1]]
	if len(parts) == 2 {
		return n, "", nil
	}
	var columns []string
	for _, c := range n.Columns {
		if strings.EqualFold(c.Name, parts[2]) {
			return n, c.Name, nil
		}
		columns = append(columns, c.Name)
	}
	return nil, "", usage.Errorf("%s has no column %q; %s", n.Name, parts[2], cmp.Or(projectfile.DidYouMean(parts[2], columns), "known: "+strings.Join(columns, ", ")))
}

// traceModels returns a model and all models below it, by level.
func traceModels(b *graph.Graph, n *graph.Query) []TracedModel {
	names := b.Below(n)
	level := map[string]int{}
	slices.SortFunc(names, func(a, c string) int { return cmp.Compare(b.ByName[c].Level, b.ByName[a].Level) })
	var models []TracedModel
	for _, name := range names {
		m := TracedModel{Name: name, Level: level[name], Reads: []string{}}
		for _, r := range b.ByName[name].Reads {
			m.Reads = append(m.Reads, r.Table())
			level[r.Name] = max(level[r.Name], level[name]+1)
		}
		models = append(models, m)
	}
	slices.SortStableFunc(models, func(a, c TracedModel) int { return cmp.Compare(a.Level, c.Level) })
	return models
}

// traceDeliveries adds the deliveries below the published stand of n.
func traceDeliveries(b *graph.Graph, t *Trace, n *graph.Query, o TraceOptions) error {
	version, m, err := mart.Store{Dir: filepath.Join(o.Data, "marts")}.Current()
	if err != nil {
		return err
	}
	if m == nil || n.Model.Schema == "marts" && !slices.ContainsFunc(m.Files, func(f mart.File) bool { return f.Mart == n.Model.Name }) {
		return nil
	}
	p := newPublishedVersion(b, m)
	stands := p.Stands(n)
	t.Version = version
	switch {
	case n.Per == graph.PerNone && o.Peildatum != "":
		return usage.Errorf("%s has no stand per peildatum; leave out --peildatum", n.Name)
	case len(stands) == 0:
		return nil
	case o.Peildatum == "":
		t.Peildatum = stands[len(stands)-1]
	case slices.Contains(stands, o.Peildatum):
		t.Peildatum = o.Peildatum
	default:
		return usage.Errorf("%s has no stand on %s; the last ones are %s", n.Name, o.Peildatum, strings.Join(stands[max(0, len(stands)-8):], ", "))
	}
	p.addStand(n, t.Peildatum)
	return p.describe(t, o.Data)
}

// A publishedVersion knows from the manifest which deliveries were in force.
type publishedVersion struct {
	*transform.Resolver
	bySource map[string][]mart.Delivery // each sorted by peildatum
	used     map[mart.Delivery]bool
}

func newPublishedVersion(b *graph.Graph, m *mart.Manifest) *publishedVersion {
	p := &publishedVersion{
		Resolver: &transform.Resolver{Bound: b, Dates: map[string][]string{}, Force: map[string]transform.InForce{}},
		bySource: map[string][]mart.Delivery{}, used: map[mart.Delivery]bool{},
	}
	for _, d := range m.Deliveries {
		p.bySource[d.Source] = append(p.bySource[d.Source], d)
	}
	for source, list := range p.bySource {
		slices.SortFunc(list, func(a, c mart.Delivery) int { return cmp.Compare(a.Peildatum, c.Peildatum) })
		var f transform.InForce
		for _, d := range list {
			f.Dates, f.Fingerprints = append(f.Dates, d.Peildatum), append(f.Fingerprints, d.ID)
		}
		p.Force[source] = f
	}
	return p
}

// addStand adds the deliveries below a stand, directly or through other models.
func (p *publishedVersion) addStand(n *graph.Query, peildatum string) {
	if n.Per != graph.PerNone {
		for _, in := range n.Inputs {
			on := peildatum
			for _, via := range in.Via {
				if on != "" {
					on = p.Before(via, on)
				}
			}
			p.addInForce(in.Source, on)
		}
		return
	}
	for _, r := range n.Reads {
		switch r.Kind {
		case graph.ReadRaw:
			p.addInForce(r.Name, "9999-12-31")
		case graph.ReadMeta:
			for _, list := range p.bySource {
				for _, d := range list {
					p.used[d] = true
				}
			}
		case graph.ReadModel, graph.ReadBefore:
			of := p.Bound.ByName[r.Name]
			for _, stand := range p.Stands(of) {
				p.addStand(of, stand)
			}
		case graph.ReadRef, graph.ReadYear:
		}
	}
}

// addInForce adds the delivery of a source in force on a date; "" is before all dates.
func (p *publishedVersion) addInForce(source, on string) {
	list := p.bySource[source]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Peildatum <= on {
			p.used[list[i]] = true
			return
		}
	}
}

// describe completes the deliveries from landing and the lake.
func (p *publishedVersion) describe(t *Trace, data string) error {
	landed, err := delivery.ReadDeliveries(data)
	if err != nil {
		return err
	}
	byID := map[string]delivery.Delivery{}
	for _, d := range landed {
		byID[lake.Key(d.Source, d.ID)] = d
	}
	for d := range p.used {
		traced := TracedDelivery{Source: d.Source, Peildatum: d.Peildatum, File: d.File, SHA256: d.SHA256}
		if as, ok := byID[lake.Key(d.Source, d.ID)]; ok {
			traced.Received = as.Newest().Modified.UTC()
		}
		load, err := lake.Read(data, d.Source, d.ID)
		if err != nil {
			return err
		}
		if load != nil {
			traced.Records, traced.Loaded = load.Balance.Records, load.Balance.Geladen
		}
		t.Deliveries = append(t.Deliveries, traced)
	}
	slices.SortFunc(t.Deliveries, func(a, c TracedDelivery) int {
		return cmp.Or(cmp.Compare(a.Source, c.Source), cmp.Compare(a.Peildatum, c.Peildatum))
	})
	return nil
}
