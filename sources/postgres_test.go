package sources

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/place"
)

func TestPostgres(t *testing.T) {
	p := newPostgres(t)
	t.Run("place", func(t *testing.T) {
		testPlace(t, func(t *testing.T) *host {
			h, _ := p.host(t)
			return h
		})
	})
	t.Run("notation", func(t *testing.T) { postgresNotation(t, p) })
	t.Run("says", func(t *testing.T) { postgresSays(t, p) })
	t.Run("dies halfway", func(t *testing.T) { postgresDies(t, p) })
}

// queryFrom is the place of a query by regio.
func queryFrom(address, database, query, extra string) string {
	return "{postgres: 'postgres://regio@" + address + "/" + database + "', password: 'env:GEHEIM', query: '" + strings.ReplaceAll(query, "'", "''") + "'" + extra + "}"
}

// host is a new table for the suite, with a row for each line of the text.
func (p *postgres) host(t *testing.T) (h *host, table string) {
	table = "regels_" + strings.ToLower(strings.NewReplacer("/", "_", "#", "_").Replace(strings.TrimPrefix(t.Name(), "TestPostgres/")))
	p.exec("create table " + table + " (regel text, datum date); grant select on " + table + " to regio")
	w := newWire(t, p.address)
	query := "select regel from " + table + " where datum <= $1; "
	at := "postgres://" + w.addr() + "/postgres"
	fault := func(text string) string { return "postgres://HOST/postgres sonar_20210102.csv: " + text }
	return &host{
		from: queryFrom(w.addr(), "postgres", query, ""), missing: queryFrom(w.addr(), "niets", query, ""),
		env: map[string]string{"GEHEIM": "geheim", "FOUT": "fout"}, label: at, file: "sonar_20210102.csv",
		put: func(text string, _ int) {
			// Rows in another order, and one of the day after.
			p.exec("begin; delete from " + table + "; insert into " + table + " select l, '2021-01-02' from regexp_split_to_table(trim(trailing e'\\n' from '" +
				text + "'), e'\\n') with ordinality as x(l, n) order by n desc; insert into " + table + " values ('morgen', '2021-01-03'); commit")
		},
		want: func(text string) string {
			lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			slices.Sort(lines)
			for i, l := range lines {
				if strings.Contains(l, ";") {
					lines[i] = `"` + l + `"`
				}
			}
			return "regel\n" + strings.Join(lines, "\n") + "\n"
		},
		deny: func() { p.exec("revoke select on " + table + " from regio") },
		wire: w, made: true, whole: true,
		says: map[string]string{
			"drops":          fault("copy: query: unexpected EOF (tried 4 times)"),
			"silent":         fault("no response for 200ms (tried 4 times)"),
			"silent halfway": fault("no response for 800ms (tried 4 times)"),
			"refuses":        fault("connect: dial tcp HOST: connect: connection refused (tried 4 times)"),
			"missing":        "postgres://HOST/niets sonar_20210102.csv: the server has no database niets; check the address in the contract",
			"denied":         fault("copy: no access: permission denied for table " + table + "; ask the supplier for read access for regio"),
		},
	}, table
}

func postgresNotation(t *testing.T, p *postgres) {
	h, _ := p.host(t)
	b := newPlaceBench(t, h, queryFrom(p.address, "postgres", `select date '2020-12-31' as "Datum", 1.234::numeric as "Deel", 1e-7::float8 as klein, 0.1::real as "Tiende", `+
		`true as ja, false as nee, null::text as leeg, 'a;b "c"' as "Tekst", $1::date as peildatum, timestamp '2020-12-31 00:00' as tijd -- the end`, ", peildatum: quarter_end"))
	b.expect(b.pull(), "landed sonar sonar_20201231.csv as 2")
	got, err := os.ReadFile(b.deliveries()[1].Original(b.data))
	if err != nil {
		t.Fatal(err)
	}
	want := "Datum;Deel;klein;Tiende;ja;nee;leeg;Tekst;peildatum;tijd\n2020-12-31;1,234;0,0000001;0,1;J;N;;\"a;b \"\"c\"\"\";2020-12-31;2020-12-31 00:00:00\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func postgresSays(t *testing.T, p *postgres) {
	h, table := p.host(t)
	p.exec("create sequence teller; grant all on teller to regio")
	const correct = "; correct the query in the contract, or ask the supplier"
	for _, c := range []struct{ query, want string }{
		{"select x from niets", `query: the server says "relation \"niets\" does not exist" (42P01)` + correct},
		{"select 1; select 2", `query: the server says "syntax error at or near \";\"" (42601)` + correct},
		{"select nextval('teller')", `query: the server says "cannot execute nextval() in a read-only transaction" (25006)` + correct},
		{"delete from " + table, `query: the server says "syntax error at or near \"from\"" (42601)` + correct},
		{"select 1/(x-500) from generate_series(1, 1000) x", `query: the server says "division by zero" (22012)` + correct},
		{"select 'bsn 123456782'::date where true", `query: the server says "invalid input syntax for type date: \"bsn *********\"" (22007)` + correct},
		{"select $1::date, $2::date", "query: it has more than one parameter; $1 is the peildatum, and there are no others"},
	} {
		t.Run("", func(t *testing.T) {
			b := newPlaceBench(t, h, queryFrom(h.wire.addr(), "postgres", c.query, ""))
			want := c.want
			if strings.Contains(c.query, "1/(x") || strings.Contains(c.query, "nextval") { // seen when it runs
				want = "copy: " + want
			}
			b.costs("failed " + h.label + " sonar_20210102.csv: " + want)
			if b.pauses > 0 {
				t.Error("tried again")
			}
		})
	}
	b := newPlaceBench(t, h, strings.Replace(h.from, "env:GEHEIM", "env:FOUT", 1))
	b.costs("failed " + h.label + " sonar_20210102.csv: the server refuses user regio; check the user and the password")
}

// postgresDies ends the connection of a query that is sending more rows than buffers can contain. The query
// runs again from the start, but not forever.
func postgresDies(t *testing.T, p *postgres) {
	h, _ := p.host(t)
	const rows = 15_000
	query := fmt.Sprintf("select x || repeat('x', 1000) as regel from generate_series(1, %d) x", rows)
	b := newPlaceBench(t, h, queryFrom(p.address, "postgres", query, ""))
	deaths := 0
	var one sync.Mutex // an attempt may begin while the one before it still waits for the end of its connection
	b.fault = func(inner place.Connector) place.Connector {
		return broken{Connector: inner, read: func(string) error {
			one.Lock()
			defer one.Unlock()
			if deaths > 0 {
				deaths--
				p.exec("select pg_terminate_backend(pid, 60000) from pg_stat_activity where usename = 'regio'")
			}
			return nil
		}}
	}
	deaths = 1000
	b.drop("inbox/register/register_20210331.csv", "R2", 1)
	// The last message of the server may be lost with the connection.
	got := strings.Replace(describe(b.pull()), `the server says "terminating connection due to administrator command" (57P01)`, "unexpected EOF", 1)
	if want := "landed register register_20210331.csv as 2\nfailed postgres://" + p.address + "/postgres sonar_20210102.csv: copy: query: unexpected EOF (tried 4 times)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b.nothingHidden()
	deaths, b.pauses = 2, 0
	b.expect(b.pull(), "landed sonar sonar_20210102.csv as 3")
	text, err := os.ReadFile(b.deliveries()[2].Original(b.data))
	if lines := strings.Count(string(text), "\n"); err != nil || lines != rows+1 || b.pauses != 2 {
		t.Errorf("%d lines after %d pauses, %v", lines, b.pauses, err)
	}
}

// TestPostgresTLS: only connections to this machine are without TLS, and the environment is ignored.
func TestPostgresTLS(t *testing.T) {
	t.Setenv("PGSSLMODE", "disable")
	t.Setenv("PGOPTIONS", "-c default_transaction_read_only=off")
	for host, secure := range map[string]bool{"127.0.0.1:5432": false, "localhost": false, "db.example.org:5432": true, "10.0.0.1": true} {
		c := contractFor(t, "sonar", "from: "+queryFrom(host, "register", "select 1", "")+"\n")
		where, err := place.Dialer{Env: func(string) string { return "geheim" }}.Reach(c)
		if err != nil {
			t.Fatal(err)
		}
		config := where.(*place.QueryPlace).Config
		switch {
		case secure != (config.TLSConfig != nil), len(config.Fallbacks) > 0:
			t.Errorf("%s: TLS %v, %d fallbacks", host, config.TLSConfig != nil, len(config.Fallbacks))
		case secure && (config.TLSConfig.InsecureSkipVerify || config.TLSConfig.ServerName != strings.TrimSuffix(host, ":5432")):
			t.Errorf("%s: certificates are not checked for %q", host, config.TLSConfig.ServerName)
		}
		if diff := cmp.Diff(place.QuerySettings, config.RuntimeParams); diff != "" {
			t.Error(diff)
		}
	}
}
