package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/dag"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sources"
	"inbeeld/sql"
)

// quarantineColumns are the columns of quarantine.<source>: one row for each fault of a record.
var quarantineColumns = []duck.Column{
	{Name: "regel", Type: "BIGINT"}, {Name: "kolom", Type: "VARCHAR"}, {Name: "reden", Type: "VARCHAR"}, {Name: "waarde", Type: "VARCHAR"},
}

// deliver makes deliveries and what was set apart of them tables that checks can be on. From here on
// earlier stands can be named too; models are bound by then.
func (b *binder) deliver() {
	b.delivered = map[string]*node{}
	for _, c := range b.Contracts {
		for schema, columns := range map[string][]duck.Column{"raw": rawColumns(c), "quarantine": quarantineColumns} {
			name := schema + "." + c.Name
			b.delivered[name] = &node{
				name: name, columns: columns, per: perPeildatum, sources: []string{c.Name}, peildata: []string{c.Name},
				inputs: []input{{source: c.Name}}, closure: fingerprint.Of(name, fmt.Sprint(columns)),
			}
		}
	}
}

// resolveStand resolves what only checks read: quarantine, and earlier stands beside those of models
// on the preceding peildatum. raw.<source> itself is for everybody.
func (b *binder) resolveStand(t dag.Reference) (r read, ok bool) {
	if b.delivered == nil {
		return r, false
	}
	full := t.Schema + "." + t.Name
	if base, cut := strings.CutSuffix(full, yearSuffix); cut && b.node(base) != nil {
		return read{readYear, base}, true
	}
	if base, cut := strings.CutSuffix(full, beforeSuffix); cut && b.delivered[base] != nil {
		return read{readBefore, base}, true
	}
	return read{readModel, full}, t.Schema == "quarantine" && b.delivered[full] != nil
}

// standIn makes an empty table for what only checks read, to bind against.
func (b *binder) standIn(ctx context.Context, r read, of *node) error {
	if of.columns == nil || (b.delivered[r.name] == nil && r.kind != readYear) {
		return nil
	}
	schema, table, _ := strings.Cut(r.table(), ".")
	return b.session.Exec(ctx, "create schema if not exists "+sql.Ident(schema)+"; "+
		strings.Replace(createTable(schema, table, of.columns), "create table", "create table if not exists", 1))
}

// keyOf are the columns that name a row of a table.
func (b *binder) keyOf(on *node) []string {
	if on.model != nil {
		return on.model.Grain
	}
	schema, source, _ := strings.Cut(on.name, ".")
	if schema == "quarantine" {
		return []string{"regel", "kolom", "reden"}
	}
	return append([]string{"regel"}, b.Contract(source).Key...)
}

// expects reports a rule on the age of a source that is never late.
func (b *binder) expects(r checks.Rule) {
	if schema, source, _ := strings.Cut(r.Schema+"."+r.Table, "."); schema == "raw" && r.Severity != "" && b.Contract(source).Every == 0 {
		b.fault(projectfile.Fault{
			Path: r.Path, Line: r.Line, Col: r.Col, Message: "source " + source + " does not say how often it is expected",
			Hint: "write expect: in sources/" + source + ".yaml, or alarm: {above: 100} here, in days",
		})
	}
}

// earlier is the preceding peildatum of a query, or its last one that is at least a year older; "" when
// there is none.
func (g *ground) earlier(n *node, peildatum string, year bool) string {
	if !year {
		return g.before(n, peildatum)
	}
	day, err := time.Parse(time.DateOnly, peildatum)
	if err != nil {
		return ""
	}
	// 29 February has no day a year before; 28 February is the last one that is not less than a year older
	until := day.AddDate(-1, 0, 0)
	if until.Day() != day.Day() {
		until = until.AddDate(0, 0, -until.Day())
	}
	last := ""
	for _, p := range g.peildata(n.peildata) {
		if p > until.Format(time.DateOnly) {
			break
		}
		last = p
	}
	return last
}

// resolveDelivered says which delivery stands for a table that a check reads.
func (g *ground) resolveDelivered(n, of *node, res resolved, peildatum string) resolved {
	_, res.table, _ = strings.Cut(res.read.table(), ".")
	res.columns, res.delivered = of.columns, true
	if res.kind != readModel {
		peildatum = g.earlier(n, peildatum, res.kind == readYear)
	}
	if d, ok := g.state.InForceOn(of.sources[0], peildatum); ok && peildatum != "" {
		res.delivery = &d
	}
	return res
}

// fromDelivered is the SELECT behind a delivery, or its quarantine, that a check reads.
func (g *ground) fromDelivered(r resolved) string {
	if r.delivery == nil {
		return empty(r.columns)
	}
	d := r.delivery
	switch {
	case r.schema != "quarantine":
		return g.lake(*d, r.columns)
	case g.loads[lake.Key(d.Source, d.ID)].Balance.InQuarantaine == 0:
		return empty(r.columns)
	}
	return "select " + names(r.columns) + " from read_parquet(" + sql.Literal(lake.QuarantinePath(g.data, d.Source, d.ID)) + ")"
}

// lake is the SELECT of the loaded rows of a delivery. When its original was gone before the contract
// changed, they are still those of the contract of then: columns that it did not know are empty.
func (g *ground) lake(d sources.Delivery, columns []duck.Column) string {
	table := "read_parquet(" + sql.Literal(lake.Path(g.data, d.Source, d.ID, ".parquet")) + ")"
	if g.loads[lake.Key(d.Source, d.ID)].Contract == g.bound.Contract(d.Source).Fingerprint() {
		return "select " + names(columns) + " from " + table
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "cast(" + sql.Ident(c.Name) + " as " + c.Type + ") as " + sql.Ident(c.Name)
	}
	return "select " + strings.Join(list, ", ") + " from (" + empty(columns) + " union all by name select * from " + table + ")"
}
