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

// Earlier returns the preceding peildatum of a query or, if year is set, its last one that is at least a
// year older; "" if there is none.
func (r *Resolver) Earlier(n *graph.Query, peildatum string, year bool) string {
	if !year {
		return r.Before(n, peildatum)
	}
	day, err := time.Parse(time.DateOnly, peildatum)
	if err != nil {
		return ""
	}
	// A year before 29 February is 28 February, not 1 March.
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

// resolveDelivered fills in which delivery a check reads as a table.
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

// fromDelivered returns the SELECT of a delivery, or of its quarantine, that a check reads.
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

// lake returns the SELECT of the loaded rows of a delivery. If the contract changed after its original
// expired, the rows follow the old contract, and columns that it lacks are NULL.
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
