package sources

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secure makes a server require TLS: regio with a password, and others with a certificate.
func (p *postgres) secure(a *authority) {
	p.Helper()
	certificate, key := a.server()
	for name, from := range map[string]string{"server.crt": certificate, "server.key": key, "root.crt": a.file} {
		text, err := os.ReadFile(from)
		if err != nil {
			p.Fatal(err)
		}
		p.give(name, string(text))
	}
	rules, err := os.ReadFile(filepath.Join(p.data, "pg_hba.conf"))
	if err != nil {
		p.Fatal(err)
	}
	p.give("pg_hba.conf", "host all postgres 127.0.0.1/32 scram-sha-256\nhostssl all regio 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 cert\nhostnossl all all 0.0.0.0/0 reject\n"+string(rules))
	p.exec("create role zeker login")
	p.exec("alter system set ssl_ca_file = 'root.crt'")
	p.exec("alter system set ssl = on")
	p.exec("select pg_reload_conf()")
	p.exec("do $$ begin for i in 1..1000 loop exit when current_setting('ssl') = 'on'; perform pg_sleep(0.01); end loop; end $$")
}

// give writes a file of the server, owned by its user.
func (p *postgres) give(name, text string) {
	p.Helper()
	path := filepath.Join(p.data, name)
	if err := os.RemoveAll(path); err != nil {
		p.Fatal(err)
	}
	write(p.T, path, text)
	if os.Getuid() == 0 {
		owner := asPostgres(p.T, filepath.Dir(p.data)).Credential
		if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			p.Fatal(err)
		}
	}
}

// TestPostgresCertificates: which servers with TLS are trusted, and which get our certificate.
func TestPostgresCertificates(t *testing.T) {
	p, a, other := newPostgres(t), newAuthority(t, "een"), newAuthority(t, "ander")
	p.secure(a)
	certificate, key := a.client("zeker")
	wrong, wrongKey := a.client("iemand")
	at := "postgres://" + p.address + "/postgres"
	from := func(user, with string) string {
		return "{postgres: 'postgres://" + user + "@" + p.address + "/postgres', query: 'select ssl::text as tls from pg_stat_ssl where pid = pg_backend_pid()'" + with + "}"
	}
	pair := func(ca, certificate, key string) string {
		return ", ca: 'file:" + ca + "', certificate: 'file:" + certificate + "', key: 'file:" + key + "'"
	}
	for _, c := range []struct{ name, from, want string }{
		{"password", from("regio", ", password: 'env:GEHEIM', ca: 'file:"+a.file+"'"), ""},
		{"certificate", from("zeker", pair(a.file, certificate, key)), ""},
		{"without TLS", from("regio", ", password: 'env:GEHEIM'"), "the server refuses user regio; check the user and the password"},
		{"a server that we do not trust", from("regio", ", password: 'env:GEHEIM', ca: 'file:"+other.file+"'"), `connect: tls: failed to verify certificate: x509: certificate signed by unknown authority; check the address, and "ca" in the contract`},
		{"a certificate of another", from("zeker", pair(a.file, wrong, wrongKey)), `the server refuses user zeker: it says "certificate authentication failed for user \"zeker\""; check the user, and the certificate or password`},
		{"no certificate", from("zeker", ", password: 'env:GEHEIM', ca: 'file:"+a.file+"'"), "the server refuses user zeker; check the user and the password"},
		{"a key of another", from("zeker", pair(a.file, certificate, wrongKey)), "sources/sonar.yaml: from.certificate: file:" + certificate + " and file:" + wrongKey + " are not a certificate and its key: tls: private key does not match public key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newPlaceBench(t, &host{env: map[string]string{"GEHEIM": "geheim"}, label: at, made: true}, c.from)
			if c.want == "" {
				b.expect(b.pull(), "landed sonar sonar_20210102.csv as 2")
				text, err := os.ReadFile(b.deliveries()[1].Original(b.data))
				if string(text) != "tls\ntrue\n" || err != nil {
					t.Errorf("%q, %v", text, err)
				}
				return
			}
			got := describe(b.pull())
			if !strings.HasSuffix(got, ": "+c.want) || b.pauses > 0 || strings.Contains(got, "geheim") {
				t.Errorf("after %d pauses\n%s\nnot\n%s", b.pauses, got, c.want)
			}
		})
	}
}
