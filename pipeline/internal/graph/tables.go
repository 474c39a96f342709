package graph

import (
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// VerdictColumns are the columns of the results of check queries. A row without groep says that a
// check was judged, so that a group that is missing is known to be in order.
var VerdictColumns = []duck.Column{
	{Name: "peildatum", Type: "DATE"},
	{Name: "check", Type: "VARCHAR"},
	{Name: "groep", Type: "VARCHAR"},
	{Name: "tabel", Type: "VARCHAR"},
	{Name: "ernst", Type: "VARCHAR"},
	{Name: "waarde", Type: "DECIMAL(18,2)"},
	{Name: "drempel", Type: "DECIMAL(18,2)"},
	{Name: "teller", Type: "DECIMAL(18,2)"},
	{Name: "noemer", Type: "DECIMAL(18,2)"},
	{Name: "uitleg", Type: "VARCHAR"},
	{Name: "actie", Type: "VARCHAR"},
	// of what is not in order: keys of failing rows as JSON, and the SELECT that shows the rows
	{Name: "sleutels", Type: "VARCHAR"},
	{Name: "query", Type: "VARCHAR"},
	// what readers may see of it, see checks.Message, as JSON
	{Name: "bericht", Type: "VARCHAR"},
}

// MetaTables are the tables that the engine fills, with their columns.
var MetaTables = map[string][]duck.Column{
	"leveringen": {
		{Name: "bron", Type: "VARCHAR"},
		{Name: "levering", Type: "VARCHAR"},
		{Name: "peildatum", Type: "DATE"},
		{Name: "bestand", Type: "VARCHAR"},
		{Name: "ontvangen_op", Type: "TIMESTAMP"},
		{Name: "status", Type: "VARCHAR"},
		{Name: "reden", Type: "VARCHAR"},
		{Name: "records", Type: "BIGINT"},
		{Name: "geladen", Type: "BIGINT"},
		{Name: "in_quarantaine", Type: "BIGINT"},
		{Name: "hersteld", Type: "BIGINT"},
		{Name: "voorloopnul", Type: "BIGINT"},
		{Name: "niet_data", Type: "BIGINT"},
		{Name: "elfproef", Type: "BIGINT"},
		{Name: "dubbele_sleutels", Type: "BIGINT"},
		{Name: "totaal_regel", Type: "BIGINT"},
		{Name: "kolommen_afwezig", Type: "VARCHAR"},
		{Name: "kolommen_nieuw", Type: "VARCHAR"},
		{Name: "volgorde_anders", Type: "BOOLEAN"},
		{Name: "kolommen_hernoemd", Type: "VARCHAR"},
		{Name: "aandelen_anders", Type: "VARCHAR"},
		{Name: "toegestaan", Type: "VARCHAR"},
	},
	"bevindingen": {
		{Name: "peildatum", Type: "DATE"},
		{Name: "check", Type: "VARCHAR"},
		{Name: "groep", Type: "VARCHAR"},
		{Name: "tabel", Type: "VARCHAR"},
		{Name: "ernst", Type: "VARCHAR"},
		{Name: "waarde", Type: "DECIMAL(18,2)"},
		{Name: "drempel", Type: "DECIMAL(18,2)"},
		{Name: "teller", Type: "DECIMAL(18,2)"},
		{Name: "noemer", Type: "DECIMAL(18,2)"},
		{Name: "sinds", Type: "DATE"},
		{Name: "uitleg", Type: "VARCHAR"},
		{Name: "toestand", Type: "VARCHAR"},
	},
	"peildata": {{Name: "bron", Type: "VARCHAR"}, {Name: "peildatum", Type: "DATE"}},
}

// Findings is the meta table that exists only after the checks have been judged.
const Findings = "bevindingen"

// RawColumns are the columns of raw.<source>.
func RawColumns(c *contract.Contract) []duck.Column {
	columns := []duck.Column{{Name: "regel", Type: "BIGINT"}}
	for _, col := range c.Columns {
		columns = append(columns, duck.Column{Name: col.As, Type: columnType(col.Type)})
	}
	return columns
}

func columnType(t contract.ColumnType) string {
	switch t {
	case contract.Integer:
		return "BIGINT"
	case contract.Decimal:
		return "DECIMAL(18,6)"
	case contract.Date:
		return "DATE"
	case contract.JaNee:
		return "BOOLEAN"
	case contract.Text, contract.Code, contract.BSN:
		return "VARCHAR"
	}
	panic("contract with an unknown column type: " + string(t))
}

func RefColumns(r *contract.Reference) []duck.Column {
	columns := make([]duck.Column, len(r.Columns))
	for i, name := range r.Columns {
		columns[i] = duck.Column{Name: name, Type: "VARCHAR"}
	}
	return columns
}

func CreateTable(schema, name string, columns []duck.Column) string {
	return createTableAs(quote.Table(schema, name), columns)
}

func createTableAs(table string, columns []duck.Column) string {
	defs := make([]string, len(columns))
	for i, c := range columns {
		defs[i] = quote.Ident(c.Name) + " " + c.Type
	}
	return "create table " + table + " (" + strings.Join(defs, ", ") + ")"
}
