package transform

import (
	"strings"
	"time"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// Earlier is the preceding peildatum of a query, or its last one that is at least a year older; "" when
// there is none.
func (r *Resolver) Earlier(n *graph.Query, peildatum string, year bool) string {
	if !year {
		return r.Before(n, peildatum)
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
	for _, p := range r.Peildata(n.Peildata) {
		if p > until.Format(time.DateOnly) {
			break
		}
		last = p
	}
	return last
}

// resolveDelivered says which delivery stands for a table that a check reads.
func (r *Resolver) resolveDelivered(n, of *graph.Query, res resolved, peildatum string) resolved {
	_, res.Table, _ = strings.Cut(res.Read.Table(), ".")
	res.columns, res.delivered = of.Columns, true
	if res.Kind != graph.ReadModel {
		peildatum = r.Earlier(n, peildatum, res.Kind == graph.ReadYear)
	}
	if d, ok := r.State.InForceOn(of.Sources[0], peildatum); ok && peildatum != "" {
		res.delivery = &d
	}
	return res
}

// fromDelivered is the SELECT behind a delivery, or its quarantine, that a check reads.
func (r *Resolver) fromDelivered(of resolved) string {
	if of.delivery == nil {
		return graph.Empty(of.columns)
	}
	d := of.delivery
	switch {
	case of.Schema != "quarantine":
		return r.lake(*d, of.columns)
	case r.loads[lake.Key(d.Source, d.ID)].Balance.InQuarantaine == 0:
		return graph.Empty(of.columns)
	}
	return "select " + graph.Names(of.columns) + " from read_parquet(" + quote.Literal(lake.QuarantinePath(r.data, d.Source, d.ID)) + ")"
}

// lake is the SELECT of the loaded rows of a delivery. When its original was gone before the contract
// changed, they are still those of the contract of then: columns that it did not know are empty.
func (r *Resolver) lake(d delivery.Delivery, columns []duck.Column) string {
	table := "read_parquet(" + quote.Literal(lake.Path(r.data, d.Source, d.ID, ".parquet")) + ")"
	if r.loads[lake.Key(d.Source, d.ID)].Contract == r.Bound.Contract(d.Source).Fingerprint() {
		return "select " + graph.Names(columns) + " from " + table
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "cast(" + quote.Ident(c.Name) + " as " + c.Type + ") as " + quote.Ident(c.Name)
	}
	return "select " + strings.Join(list, ", ") + " from (" + graph.Empty(columns) + " union all by name select * from " + table + ")"
}
