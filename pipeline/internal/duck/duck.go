package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/marcboeker/go-duckdb"

	"inbeeld/sql/quote"
)

// Settings configure an instance.
type Settings struct {
	// MemoryLimit is in DuckDB's notation ("2GB"); empty means DuckDB's default, 80% of memory.
	MemoryLimit string
	// Threads is the number of threads per statement. Files are byte-stable only with one.
	Threads int
	// TempDir is the directory for spilling; empty forbids it.
	TempDir string
	// Streams disables the optimizers that ask an Arrow stream for fewer columns or rows: DuckDB 1.1
	// assumes that the stream complies, and would read the wrong columns.
	Streams bool
	// JSONErrors makes DuckDB return errors as JSON with their position.
	JSONErrors bool
	// Closed forbids all external access, for parsing and binding users' SQL.
	Closed bool
}

// An Instance is an in-memory DuckDB.
type Instance struct{ db *sql.DB }

// Open starts an instance, which takes about 20 ms. It never installs or loads extensions, and its
// settings are locked.
func Open(ctx context.Context, s Settings) (*Instance, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	settings := []string{
		"set autoinstall_known_extensions = false",
		"set autoload_known_extensions = false",
		"set allow_community_extensions = false",
		"set temp_directory = " + quote.Literal(s.TempDir),
		"set preserve_insertion_order = true",
	}
	if s.Threads > 0 {
		settings = append(settings, fmt.Sprintf("set threads = %d", s.Threads))
	}
	if s.MemoryLimit != "" {
		settings = append(settings, "set memory_limit = "+quote.Literal(s.MemoryLimit))
	}
	if s.Streams {
		settings = append(settings, "set disabled_optimizers = 'unused_columns,filter_pushdown'")
	}
	if s.JSONErrors {
		settings = append(settings, "set errors_as_json = true")
	}
	if s.Closed {
		settings = append(settings, "set enable_external_access = false")
	}
	settings = append(settings, "set lock_configuration = true")
	for _, stmt := range settings {
		if _, err := db.ExecContext(ctx, stmt); err != nil {
			return nil, errors.Join(fmt.Errorf("open DuckDB: %s: %w", stmt, err), db.Close())
		}
	}
	return &Instance{db: db}, nil
}

// Close stops the instance and frees its memory.
func (i *Instance) Close() error { return i.db.Close() }

// Session opens a connection. USE and variables are local to it.
func (i *Instance) Session(ctx context.Context) (*Session, error) {
	conn, err := i.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to DuckDB: %w", err)
	}
	return &Session{conn: conn}, nil
}

// With calls do with a session of a new instance, and closes both.
func With(ctx context.Context, settings Settings, do func(*Session) error) (err error) {
	db, err := Open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return do(session)
}

// A Session is one connection. It may be used by one goroutine at a time.
type Session struct{ conn *sql.Conn }

// Close closes the connection. It is never reused, because it may have run USE.
func (s *Session) Close() error {
	err := s.conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) {
		err = nil
	}
	if cerr := s.conn.Close(); cerr != nil && !errors.Is(cerr, sql.ErrConnDone) {
		err = errors.Join(err, cerr)
	}
	return err
}

// Exec runs one or more statements. Cancelling ctx interrupts them.
func (s *Session) Exec(ctx context.Context, statement string) error {
	_, err := s.conn.ExecContext(ctx, statement)
	return failure(ctx, err)
}

// Prepare binds a statement without running it.
func (s *Session) Prepare(ctx context.Context, statement string) (err error) {
	prepared, err := s.conn.PrepareContext(ctx, statement)
	if err != nil {
		return failure(ctx, err)
	}
	defer func() { err = errors.Join(err, prepared.Close()) }()
	return nil
}

// Rows runs a query and returns its rows; nil is NULL. All its columns must be VARCHAR.
func (s *Session) Rows(ctx context.Context, query string) ([][]*string, error) {
	_, rows, err := s.texts(ctx, query)
	return rows, err
}

// Table runs a SELECT, DESCRIBE, SHOW or SUMMARIZE. It returns the rows as text, nil for NULL, and the names of
// the columns.
func (s *Session) Table(ctx context.Context, query string) (columns []string, rows [][]*string, err error) {
	return s.texts(ctx, "select columns(*)::varchar from ("+query+"\n)")
}

func (s *Session) texts(ctx context.Context, query string) (columns []string, rows [][]*string, err error) {
	columns, err = s.scan(ctx, query, func(r *sql.Rows, names []string) error {
		row, into := make([]*string, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		rows = append(rows, row)
		return r.Scan(into...)
	})
	return columns, rows, err
}

// Select runs a query and returns its rows as structs. A column goes into the field whose json tag is its name; each
// must have one.
func Select[T any](ctx context.Context, s *Session, query string) (rows []T, err error) {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		fields[f.Tag.Get("json")] = f.Index
	}
	_, err = s.scan(ctx, query, func(r *sql.Rows, names []string) error {
		var row T
		into := make([]any, len(names))
		for i, name := range names {
			into[i] = reflect.ValueOf(&row).Elem().FieldByIndex(fields[name]).Addr().Interface()
		}
		err := r.Scan(into...)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

func (s *Session) scan(ctx context.Context, query string, row func(r *sql.Rows, names []string) error) (names []string, err error) {
	r, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if names, err = r.Columns(); err != nil {
		return nil, failure(ctx, err)
	}
	for r.Next() {
		if err := row(r, names); err != nil {
			return nil, failure(ctx, err)
		}
	}
	return names, failure(ctx, r.Err())
}

// Row runs a query that must return exactly one row.
func (s *Session) Row(ctx context.Context, query string) ([]*string, error) {
	rows, err := s.Rows(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("the query returned %d rows, want 1", len(rows))
	}
	return rows[0], nil
}

// A Column is a column of a query's result, with its type in DuckDB's notation.
type Column struct{ Name, Type string }

// DescribePrefix is the text before the query in Describe. Positions in DuckDB's errors include it.
const DescribePrefix = "describe "

// Describe returns the columns of a query without running it.
func (s *Session) Describe(ctx context.Context, query string) ([]Column, error) {
	rows, err := s.Rows(ctx, DescribePrefix+query)
	if err != nil {
		return nil, err
	}
	columns := make([]Column, len(rows))
	for i, r := range rows {
		if len(r) < 2 || r[0] == nil || r[1] == nil {
			return nil, &Error{Message: "more than one statement"}
		}
		columns[i] = Column{Name: *r[0], Type: *r[1]}
	}
	return columns, nil
}

// failure turns an error of DuckDB into that of ctx if it was cancelled, since DuckDB only reports an
// interruption.
func failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &Error{Message: strings.TrimSpace(err.Error())}
}

// Error is an error from DuckDB. Conversion errors quote the offending value, so loading a delivery must
// only ever use try_cast.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// CopyStatement returns the SQL that writes the rows of a SELECT to a Parquet file. With one thread, equal
// rows give equal bytes.
func CopyStatement(query, path string, metadata map[string]string) string {
	var kv []string
	for _, k := range slices.Sorted(maps.Keys(metadata)) {
		kv = append(kv, quote.Ident(k)+": "+quote.Literal(metadata[k]))
	}
	return fmt.Sprintf("copy (%s) to %s (format parquet, compression zstd, kv_metadata {%s})", query, quote.Literal(path), strings.Join(kv, ", "))
}

// Number parses a count that SQL returned as text. NULL is 0.
func Number(count *string) int64 {
	if count == nil {
		return 0
	}
	n, err := strconv.ParseInt(*count, 10, 64)
	if err != nil {
		panic("duck: not a count: " + *count)
	}
	return n
}

// Text returns a text that SQL returned; NULL is "".
func Text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// GlobQuote escapes a path so that a glob matches it literally.
func GlobQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// RegisterText registers a Go function as a scalar SQL function from text to text. NULL yields NULL. The
// function must be deterministic.
func (s *Session) RegisterText(_ context.Context, name string, f func(string) string) error {
	varchar, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err == nil {
		err = duckdb.RegisterScalarUDF(s.conn, name, &textFunction{varchar: varchar, f: f})
	}
	if err != nil {
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
