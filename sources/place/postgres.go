package place

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"inbeeld/sources/delivery"
)

// A QueryPlace is one SELECT on a PostgreSQL server. Its rows become CSV in a fixed notation and order, so
// that the same rows give the same bytes.
type QueryPlace struct {
	Config    *pgconn.Config
	query     string
	name      string
	peildatum time.Time
	now       time.Time
}

// QuerySettings fix the notation of values, and make the session read-only.
var QuerySettings = map[string]string{
	"application_name": "inbeeld", "client_encoding": "UTF8", "DateStyle": "ISO, YMD", "TimeZone": "UTC", "IntervalStyle": "iso_8601",
	"bytea_output": "hex", "extra_float_digits": "1", "default_transaction_read_only": "on",
}

// orderedQuery returns a query with its rows in order of their text.
func orderedQuery(query string) string {
	return "select * from (\n" + strings.TrimRight(query, "; \t\r\n") + "\n) as levering order by (levering.*)::text collate \"C\""
}

// List returns one file, the rows of the query, without running it.
func (q *QueryPlace) List(ctx context.Context) ([]Found, error) {
	return []Found{{Name: q.name, Size: unknownSize, Modified: q.now, Generated: true}}, ctx.Err()
}

// Open runs the query in a read-only transaction, which sees one state of the database.
func (q *QueryPlace) Open(ctx context.Context, _ Found, offset int64) (io.ReadCloser, error) {
	if offset > 0 {
		return nil, ErrNoResume
	}
	conn, err := pgconn.ConnectConfig(ctx, q.Config)
	if err != nil {
		return nil, q.asError("connect", err)
	}
	statement, rows, err := q.run(ctx, conn)
	if err != nil {
		_ = conn.Close(ctx)
		return nil, q.asError("query", err)
	}
	in, out := io.Pipe()
	r := &queryReader{PipeReader: in, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		_ = out.CloseWithError(q.asError("query", writeRows(out, statement.Fields, rows)))
		_ = conn.Close(ctx)
	}()
	return r, nil
}

func (q *QueryPlace) run(ctx context.Context, conn *pgconn.PgConn) (*pgconn.StatementDescription, *pgconn.ResultReader, error) {
	if _, err := conn.Exec(ctx, "begin isolation level repeatable read read only").ReadAll(); err != nil {
		return nil, nil, err
	}
	statement, err := conn.Prepare(ctx, "levering", q.query, nil)
	if err != nil {
		return nil, nil, err
	}
	var parameters [][]byte
	switch len(statement.ParamOIDs) {
	case 0:
	case 1:
		parameters = [][]byte{[]byte(q.peildatum.Format(time.DateOnly))}
	default:
		return nil, nil, errors.New("it has more than one parameter; $1 is the peildatum, and there are no others")
	}
	return statement, conn.ExecPrepared(ctx, "levering", parameters, nil, nil), nil
}

// A queryReader ends the query when it is closed.
type queryReader struct {
	*io.PipeReader
	done chan struct{}
}

func (r *queryReader) Close() error {
	err := r.PipeReader.Close()
	<-r.done
	return err
}

// writeRows writes rows as CSV with ; and a header. Dates are ISO, decimals have a comma, booleans are J and
// N, and NULL is empty.
func writeRows(out io.Writer, fields []pgconn.FieldDescription, rows *pgconn.ResultReader) error {
	w := csv.NewWriter(out)
	w.Comma = ';'
	record := make([]string, len(fields))
	for i, f := range fields {
		record[i] = f.Name
	}
	err := w.Write(record)
	for err == nil && rows.NextRow() {
		for i, value := range rows.Values() {
			record[i] = notation(fields[i].DataTypeOID, value)
		}
		err = w.Write(record)
	}
	if w.Flush(); err == nil {
		err = w.Error()
	}
	if err != nil {
		return err
	}
	_, err = rows.Close()
	return err
}

func notation(oid uint32, value []byte) string {
	switch oid {
	case pgtype.BoolOID:
		if bytes.Equal(value, []byte("t")) {
			return "J"
		}
		if bytes.Equal(value, []byte("f")) {
			return "N"
		}
	case pgtype.Float4OID, pgtype.Float8OID:
		if x, err := strconv.ParseFloat(string(value), 64); err == nil {
			return strings.Replace(strconv.FormatFloat(x, 'f', -1, map[uint32]int{pgtype.Float4OID: 32, pgtype.Float8OID: 64}[oid]), ".", ",", 1)
		}
	case pgtype.NumericOID:
		return strings.Replace(string(value), ".", ",", 1)
	}
	return string(value)
}

// asError translates an error of the server. It masks numbers that may be a BSN, since a message may quote
// a value.
func (q *QueryPlace) asError(what string, err error) error {
	var fault *pgconn.PgError
	var network *net.OpError
	var distrust *tls.CertificateVerificationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
	case errors.As(err, &distrust):
		return fmt.Errorf("%s: %w; check the address, and \"ca\" in the contract", what, distrust)
	case errors.As(err, &network):
		return fmt.Errorf("%s: %w", what, network)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return TransientError{Err: fmt.Errorf("%s: %w", what, io.ErrUnexpectedEOF)}
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	message := delivery.ReceiptName(fault.Message)
	switch {
	case strings.HasPrefix(fault.Code, "28") && q.Config.TLSConfig != nil && len(q.Config.TLSConfig.Certificates) > 0:
		return fmt.Errorf("the server refuses user %s: it says %q; check the user, and the certificate or password", q.Config.User, message)
	case strings.HasPrefix(fault.Code, "28"):
		return fmt.Errorf("the server refuses user %s; check the user and the password", q.Config.User)
	case fault.Code == "3D000":
		return fmt.Errorf("the server has no database %s; check the address in the contract", q.Config.Database)
	case fault.Code == "42501":
		return fmt.Errorf("no access: %s; ask the supplier for read access for %s", message, q.Config.User)
	case fault.Code == "40001", fault.Code == "40P01", strings.HasPrefix(fault.Code, "08"), strings.HasPrefix(fault.Code, "53"), strings.HasPrefix(fault.Code, "57P"):
		return TransientError{Err: fmt.Errorf("%s: the server says %q (%s)", what, message, fault.Code)}
	}
	return fmt.Errorf("%s: the server says %q (%s); correct the query in the contract, or ask the supplier", what, message, fault.Code)
}

// Remove is not supported.
func (q *QueryPlace) Remove(context.Context, Found) error { return ErrReadOnly }

// Close does nothing: a connection lasts as long as the reader of Open.
func (q *QueryPlace) Close() {}
