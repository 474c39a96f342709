package graph

import (
	"context"
	"fmt"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// FillReference makes the tables memory.ref.<name>; empty text is NULL.
func FillReference(ctx context.Context, s *duck.Session, refs []*contract.Reference) error {
	for _, r := range refs {
		if err := s.Exec(ctx, createTableAs("memory."+quote.Table("ref", r.Name), RefColumns(r))); err != nil {
			return fmt.Errorf("fill ref.%s: %w", r.Name, err)
		}
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
		if len(values) == 0 {
			continue
		}
		if err := s.Exec(ctx, "insert into memory."+quote.Table("ref", r.Name)+" values "+strings.Join(values, ", ")); err != nil {
			return fmt.Errorf("fill ref.%s: %w", r.Name, err)
		}
	}
	return nil
}
