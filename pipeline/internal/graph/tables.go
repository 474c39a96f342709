package graph

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// VerdictColumns are the columns of the results of check queries. A row without groep means that a check was
// judged; any group without a row is then in order.
var VerdictColumns = columnList("peildatum DATE, check VARCHAR, groep VARCHAR, tabel VARCHAR, ernst VARCHAR, " +
	measured + ", uitleg VARCHAR, actie VARCHAR, " +
	// If not in order: keys of failing rows as JSON, and the SELECT that shows the rows.
	"sleutels VARCHAR, query VARCHAR, " +
	"bericht VARCHAR") // what readers may see, as JSON; see checks.Message

const measured = "waarde DECIMAL(18,2), drempel DECIMAL(18,2), teller DECIMAL(18,2), noemer DECIMAL(18,2)"

// MetaTables are the tables that the engine fills, with their columns.
var MetaTables = map[string][]duck.Column{
	"leveringen": columnList("bron VARCHAR, levering VARCHAR, peildatum DATE, bestand VARCHAR, ontvangen_op TIMESTAMP, " +
		"status VARCHAR, reden VARCHAR, records BIGINT, geladen BIGINT, in_quarantaine BIGINT, hersteld BIGINT, " +
		"voorloopnul BIGINT, niet_data BIGINT, elfproef BIGINT, dubbele_sleutels BIGINT, totaal_regel BIGINT, " +
		"kolommen_afwezig VARCHAR, kolommen_nieuw VARCHAR, volgorde_anders BOOLEAN, kolommen_hernoemd VARCHAR, " +
		"aandelen_anders VARCHAR, toegestaan VARCHAR"),
	"bevindingen": columnList("peildatum DATE, check VARCHAR, groep VARCHAR, tabel VARCHAR, ernst VARCHAR, " +
		measured + ", sinds DATE, uitleg VARCHAR, toestand VARCHAR"),
	"peildata": columnList("bron VARCHAR, peildatum DATE"),
}

// QuarantineColumns are the columns of quarantine.<source>, which has one row per fault of a record.
var QuarantineColumns = columnList("regel BIGINT, kolom VARCHAR, reden VARCHAR, waarde VARCHAR")

// columnList reads columns as CREATE TABLE has them.
func columnList(text string) (columns []duck.Column) {
	for column := range strings.SplitSeq(text, ", ") {
		name, kind, _ := strings.Cut(column, " ")
		columns = append(columns, duck.Column{Name: name, Type: kind})
	}
	return columns
}

// Findings is the meta table that is filled after the checks are judged.
const Findings = "bevindingen"

// RawColumns returns the columns of raw.<source>.
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

// RefColumns returns the columns of ref.<name>.
func RefColumns(r *contract.Reference) []duck.Column {
	columns := make([]duck.Column, len(r.Columns))
	for i, name := range r.Columns {
		columns[i] = duck.Column{Name: name, Type: "VARCHAR"}
	}
	return columns
}

// CreateTable returns a CREATE TABLE statement.
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

// IsNumber reports whether a type of a mart column is numeric.
func IsNumber(t string) bool {
	return t == "INTEGER" || t == "BIGINT" || strings.HasPrefix(t, "DECIMAL")
}

var martDecimal = regexp.MustCompile(`^DECIMAL\(([0-9]+),[0-9]+\)$`)

// MartPath returns the path of a mart within a version.
func MartPath(n *Query) string {
	if n.Model.Intern {
		return "intern/" + n.Model.Name + ".parquet"
	}
	return n.Model.Name + ".parquet"
}

// LastOf returns the last date, or "".
func LastOf(dates []string) string {
	if len(dates) == 0 {
		return ""
	}
	return dates[len(dates)-1]
}

// Names returns the quoted names of columns, separated by commas.
func Names(columns []duck.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return quote.List(list)
}

// Empty returns a SELECT of these columns without rows.
func Empty(columns []duck.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "null::" + c.Type + " as " + quote.Ident(c.Name)
	}
	return "select " + strings.Join(list, ", ") + " where false"
}

// FillReference creates and fills the tables memory.ref.<name>. Empty text becomes NULL.
func FillReference(ctx context.Context, s *duck.Session, refs []*contract.Reference) error {
	for _, r := range refs {
		table := "memory." + quote.Table("ref", r.Name)
		statement := createTableAs(table, RefColumns(r))
		var values []string
		for _, row := range r.Rows {
			fields := make([]string, len(row))
			for i, v := range row {
				fields[i] = "null"
				if v != "" {
					fields[i] = quote.Literal(v)
				}
			}
			values = append(values, "("+strings.Join(fields, ", ")+")")
		}
		if len(values) > 0 {
			statement += "; insert into " + table + " values " + strings.Join(values, ", ")
		}
		if err := s.Exec(ctx, statement); err != nil {
			return fmt.Errorf("fill ref.%s: %w", r.Name, err)
		}
	}
	return nil
}
