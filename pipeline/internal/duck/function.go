package duck

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/marcboeker/go-duckdb"
)

// RegisterText registers a Go function as a scalar SQL function from text to text. NULL yields NULL. The
// function must be deterministic.
func (s *Session) RegisterText(_ context.Context, name string, f func(string) string) error {
	varchar, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return fmt.Errorf("register SQL function %s: %w", name, err)
	}
	if err := duckdb.RegisterScalarUDF(s.conn, name, &textFunction{varchar: varchar, f: f}); err != nil {
		return fmt.Errorf("register SQL function %s: %w", name, err)
	}
	return nil
}

type textFunction struct {
	varchar duckdb.TypeInfo
	f       func(string) string
}

func (t *textFunction) Config() duckdb.ScalarFuncConfig {
	return duckdb.ScalarFuncConfig{InputTypeInfos: []duckdb.TypeInfo{t.varchar}, ResultTypeInfo: t.varchar}
}

func (t *textFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (result any, err error) {
		defer func() {
			if r := recover(); r != nil {
				result, err = nil, fmt.Errorf("SQL function failed: %v", r)
			}
		}()
		return t.f(values[0].(string)), nil
	}}
}
