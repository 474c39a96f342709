package pipeline

import (
	"strings"
	"time"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources"
	"inbeeld/sql"
)

// earlier is the preceding peildatum of a query, or its last one that is at least a year older; "" when
// there is none.
func (g *ground) earlier(n *graph.Query, peildatum string, year bool) string {
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
	for _, p := range g.peildata(n.Peildata) {
		if p > until.Format(time.DateOnly) {
			break
		}
		last = p
	}
	return last
}

// resolveDelivered says which delivery stands for a table that a check reads.
func (g *ground) resolveDelivered(n, of *graph.Query, res resolved, peildatum string) resolved {
	_, res.table, _ = strings.Cut(res.Read.Table(), ".")
	res.columns, res.delivered = of.Columns, true
	if res.Kind != graph.ReadModel {
		peildatum = g.earlier(n, peildatum, res.Kind == graph.ReadYear)
	}
	if d, ok := g.state.InForceOn(of.Sources[0], peildatum); ok && peildatum != "" {
		res.delivery = &d
	}
	return res
}

// fromDelivered is the SELECT behind a delivery, or its quarantine, that a check reads.
func (g *ground) fromDelivered(r resolved) string {
	if r.delivery == nil {
		return graph.Empty(r.columns)
	}
	d := r.delivery
	switch {
	case r.schema != "quarantine":
		return g.lake(*d, r.columns)
	case g.loads[lake.Key(d.Source, d.ID)].Balance.InQuarantaine == 0:
		return graph.Empty(r.columns)
	}
	return "select " + graph.Names(r.columns) + " from read_parquet(" + sql.Literal(lake.QuarantinePath(g.data, d.Source, d.ID)) + ")"
}

// lake is the SELECT of the loaded rows of a delivery. When its original was gone before the contract
// changed, they are still those of the contract of then: columns that it did not know are empty.
func (g *ground) lake(d sources.Delivery, columns []duck.Column) string {
	table := "read_parquet(" + sql.Literal(lake.Path(g.data, d.Source, d.ID, ".parquet")) + ")"
	if g.loads[lake.Key(d.Source, d.ID)].Contract == g.bound.Contract(d.Source).Fingerprint() {
		return "select " + graph.Names(columns) + " from " + table
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "cast(" + sql.Ident(c.Name) + " as " + c.Type + ") as " + sql.Ident(c.Name)
	}
	return "select " + strings.Join(list, ", ") + " from (" + graph.Empty(columns) + " union all by name select * from " + table + ")"
}
