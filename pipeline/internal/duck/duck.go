// Package duck is the only place that talks to DuckDB. Words: an instance is one in-process DuckDB
// with its own memory limit and spill directory; a session is one connection of it; a stream is a
// sequence of record batches that SQL reads as a table, once.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/marcboeker/go-duckdb"

	quote "inbeeld/sql"
)

// Settings of an instance.
type Settings struct {
	// MemoryLimit in DuckDB's notation ("2GB"); empty is DuckDB's own default (80 % of memory).
	MemoryLimit string
	// Threads that one statement may use. Files are only byte-stable with one.
	Threads int
	// TempDir is where the instance spills; empty forbids spilling.
	TempDir string
	// Streams switches off the optimizers that ask an Arrow stream for less than it delivers:
	// DuckDB 1.1 believes that the stream obeyed, and reads the wrong columns.
	Streams bool
	// JSONErrors makes DuckDB give its errors as JSON with the place of the fault.
	JSONErrors bool
	// Closed forbids everything outside memory: for parsing and binding other people's SQL.
	Closed bool
}

// An Instance is an in-memory DuckDB.
type Instance struct{ db *sql.DB }

// Open starts an instance. Extensions are never installed or loaded, and its settings are locked.
// It costs about 20 ms.
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

// Close frees the memory of the instance.
func (i *Instance) Close() error { return i.db.Close() }

// Session opens one connection; its USE, variables and catalog stay its own until Close.
func (i *Instance) Session(ctx context.Context) (*Session, error) {
	conn, err := i.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to DuckDB: %w", err)
	}
	return &Session{conn: conn}, nil
}

// A Session is one connection. It is for one goroutine at a time.
type Session struct{ conn *sql.Conn }

// Close closes the connection for good: a connection that ran USE is never given to another.
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

// Exec runs one or more statements; cancelling ctx interrupts them.
func (s *Session) Exec(ctx context.Context, statement string) error {
	if _, err := s.conn.ExecContext(ctx, statement); err != nil {
		return failure(ctx, err)
	}
	return nil
}

// Rows runs a query whose columns are all VARCHAR (cast them) and gives its rows; nil is NULL.
func (s *Session) Rows(ctx context.Context, query string) (rows [][]*string, err error) {
	r, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	names, err := r.Columns()
	if err != nil {
		return nil, failure(ctx, err)
	}
	for r.Next() {
		row := make([]*string, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := r.Scan(into...); err != nil {
			return nil, failure(ctx, err)
		}
		rows = append(rows, row)
	}
	if err := r.Err(); err != nil {
		return nil, failure(ctx, err)
	}
	return rows, nil
}

// Row is Rows for a query that gives exactly one row.
func (s *Session) Row(ctx context.Context, query string) ([]*string, error) {
	rows, err := s.Rows(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("query gave %d rows where one was expected", len(rows))
	}
	return rows[0], nil
}

// A Column is a column of a query's result, its type in DuckDB's notation.
type Column struct{ Name, Type string }

// DescribePrefix stands before the query that Describe gives to DuckDB: places in its errors count
// from there.
const DescribePrefix = "describe "

// Describe gives the columns of a query without running it.
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

// failure names the cancelling of ctx as the cause where DuckDB only says that it was interrupted.
func failure(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	return &Error{Message: strings.TrimSpace(err.Error())}
}

// Error is what DuckDB said. Conversion errors quote the value that failed; the load never casts
// without try_cast, so that no such value is one of a delivery.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// Table runs any statement and gives its result as text, with the names of the columns; nil is NULL.
func (s *Session) Table(ctx context.Context, statement string) (columns []string, rows [][]*string, err error) {
	described, err := s.Describe(ctx, statement)
	if err != nil { // not a SELECT: its result, if any, is text or plain numbers
		rows, err = s.Rows(ctx, statement)
		return nil, rows, err
	}
	for _, c := range described {
		columns = append(columns, c.Name)
	}
	rows, err = s.Rows(ctx, "select columns(*)::varchar from ("+statement+"\n)")
	return columns, rows, err
}
