package graph

import (
	"context"
	"fmt"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sql/quote"
)

// QuarantineColumns are the columns of quarantine.<source>, which has one row per fault of a record.
var QuarantineColumns = []duck.Column{
	{Name: "regel", Type: "BIGINT"}, {Name: "kolom", Type: "VARCHAR"}, {Name: "reden", Type: "VARCHAR"}, {Name: "waarde", Type: "VARCHAR"},
}

// addDeliveries makes deliveries and their quarantine tables that checks can be on. It is called after models
// are bound, because only checks may read these and earlier stands.
func (b *Binder) addDeliveries() {
	b.Delivered = map[string]*Query{}
	for _, c := range b.Contracts {
		for schema, columns := range map[string][]duck.Column{"raw": RawColumns(c), "quarantine": QuarantineColumns} {
			name := schema + "." + c.Name
			b.Delivered[name] = &Query{
				Name: name, Columns: columns, Per: PerPeildatum, Sources: []string{c.Name}, Peildata: []string{c.Name},
				Inputs: []Input{{Source: c.Name}}, Closure: fingerprint.Of(name, fmt.Sprint(columns)),
			}
		}
	}
}

// resolveStand resolves tables that only checks may read: quarantine, the stand of a year before, and the
// preceding stand of a delivery.
func (b *Binder) resolveStand(t sqlast.Reference) (r Read, ok bool) {
	if b.Delivered == nil {
		return r, false
	}
	full := t.Schema + "." + t.Name
	if base, cut := strings.CutSuffix(full, YearSuffix); cut && b.lookup(base) != nil {
		return Read{ReadYear, base}, true
	}
	if base, cut := strings.CutSuffix(full, BeforeSuffix); cut && b.Delivered[base] != nil {
		return Read{ReadBefore, base}, true
	}
	return Read{ReadModel, full}, t.Schema == "quarantine" && b.Delivered[full] != nil
}

// createEmpty creates an empty table to bind against, for a table that only checks may read.
func (b *Binder) createEmpty(ctx context.Context, r Read, of *Query) error {
	if of.Columns == nil || (b.Delivered[r.Name] == nil && r.Kind != ReadYear) {
		return nil
	}
	schema, table, _ := strings.Cut(r.Table(), ".")
	return b.Session.Exec(ctx, "create schema if not exists "+quote.Ident(schema)+"; "+
		strings.Replace(CreateTable(schema, table, of.Columns), "create table", "create table if not exists", 1))
}

// rowKey returns the columns that identify a row of a table.
func (b *Binder) rowKey(on *Query) []string {
	if on.Model != nil {
		return on.Model.Grain
	}
	schema, source, _ := strings.Cut(on.Name, ".")
	if schema == "quarantine" {
		return []string{"regel", "kolom", "reden"}
	}
	return append([]string{"regel"}, b.Contract(source).Key...)
}

// checkFreshness reports a freshness rule without a limit on a source without an expected interval.
func (b *Binder) checkFreshness(r rule.Rule) {
	if schema, source, _ := strings.Cut(r.Schema+"."+r.Table, "."); schema == "raw" && r.Severity != "" && b.Contract(source).Every == 0 {
		b.fault(projectfile.Fault{
			Path: r.Path, Line: r.Line, Col: r.Col, Message: "source " + source + " does not say how often it is expected",
			Hint: "write expect: in sources/" + source + ".yaml, or alarm: {above: 100} here, in days",
		})
	}
}
