package graph

import (
	"regexp"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sql/quote"
)

// IsNumber tells whether a column of a mart holds numbers.
func IsNumber(t string) bool {
	return t == "INTEGER" || t == "BIGINT" || strings.HasPrefix(t, "DECIMAL")
}

var martDecimal = regexp.MustCompile(`^DECIMAL\(([0-9]+),[0-9]+\)$`)

// MartPath is where a mart stands in a version.
func MartPath(n *Query) string {
	if n.Model.Intern {
		return "intern/" + n.Model.Name + ".parquet"
	}
	return n.Model.Name + ".parquet"
}

func LastOf(dates []string) string {
	if len(dates) == 0 {
		return ""
	}
	return dates[len(dates)-1]
}

func Names(columns []duck.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return quote.List(list)
}

func Empty(columns []duck.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "null::" + c.Type + " as " + quote.Ident(c.Name)
	}
	return "select " + strings.Join(list, ", ") + " where false"
}
