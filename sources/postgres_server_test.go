package sources

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"inbeeld/pipeline/testing/need"
)

// A postgres is a server for tests on this machine, with the superuser "postgres" and the reader "regio".
type postgres struct {
	*testing.T
	address string
	data    string
	admin   *pgconn.PgConn
}

// newPostgres starts the newest PostgreSQL of Debian's package. It does not run as root; a test that runs
// as root uses the user of the package.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	bin := filepath.Dir(need.Program(t, "postgresql", "/usr/lib/postgresql/*/bin/initdb"))
	dir, err := os.MkdirTemp("", "inbeeld-postgres-") //nolint:usetesting // t.TempDir is closed to other users, and the server is one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var as *syscall.SysProcAttr
	if os.Getuid() == 0 {
		as = asPostgres(t, dir)
	}
	do := func(name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, as
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("meester\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	do("initdb", "-D", data, "-U", "postgres", "--auth=scram-sha-256", "--pwfile="+filepath.Join(dir, "password"), "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	do("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%s -c unix_socket_directories='%s' -c fsync=off", port, dir), "start")
	t.Cleanup(func() { do("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop") })
	p := &postgres{T: t, address: "127.0.0.1:" + port, data: data}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", "meester"), Host: p.address, Path: "/postgres", RawQuery: "sslmode=disable"}
	if p.admin, err = pgconn.Connect(t.Context(), u.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.admin.Close(context.WithoutCancel(t.Context())) })
	p.exec("create role regio login password 'geheim'")
	return p
}

// asPostgres makes the user postgres the owner of dir, and returns how to run as that user.
func asPostgres(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("PostgreSQL does not run as root, and there is no user postgres, which Debian's package makes: %v", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func (p *postgres) exec(sql string) {
	p.Helper()
	if _, err := p.admin.Exec(p.Context(), sql).ReadAll(); err != nil {
		p.Fatalf("%.200s: %v", sql, err)
	}
}
