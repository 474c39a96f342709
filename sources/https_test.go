package sources

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"inbeeld/sources/contract"
)

// A webFile is an HTTPS server of one file.
type webFile struct {
	*httptest.Server
	mu     sync.Mutex
	text   []byte
	at     time.Time
	there  bool
	status int
	// etag returns the ETag of a text; nil is none.
	etag func(sum string) string
	// serve, if set, responds first, and reports whether the response is complete.
	serve func(w http.ResponseWriter, r *http.Request) bool
}

func strong(sum string) string { return `"` + sum + `"` }

func newWebFile(t *testing.T) *webFile {
	f := &webFile{etag: strong}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *webFile) put(text string, minutes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text, f.at, f.there = []byte(text), newYear.Add(time.Duration(minutes)*time.Minute), true
}

func (f *webFile) gone() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.there = false
}

func (f *webFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	text, at, there, status, serve := f.text, f.at, f.there, f.status, f.serve
	f.mu.Unlock()
	if serve != nil && serve(w, r) {
		return
	}
	switch {
	case status != 0:
		w.WriteHeader(status)
	case !there || !strings.HasPrefix(r.URL.Path, "/uit/"):
		w.WriteHeader(http.StatusNotFound)
	default:
		if f.etag != nil {
			sum := sha256.Sum256(append(text, at.String()...))
			w.Header().Set("ETag", f.etag(hex.EncodeToString(sum[:8])))
		}
		http.ServeContent(w, r, "", at, bytes.NewReader(text))
	}
}

// ca writes the certificate of the server to a file.
func (f *webFile) ca(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})))
	return path
}

func (f *webFile) host(t *testing.T) *host {
	w := newWire(t, f.Listener.Addr().String())
	ca := f.ca(t)
	label := "https://" + w.addr() + "/uit/sonar_20201231.csv"
	fault := func(format string) string { return "https://HOST/uit/sonar_20201231.csv " + format }
	file := "sonar_20201231.csv: "
	return &host{
		from:    "{https: '" + label + "?stand=%7Bx%7D', ca: 'file:" + ca + "'}",
		missing: "{https: 'https://" + w.addr() + "/elders/sonar_20201231.csv', ca: 'file:" + ca + "'}",
		label:   label, file: "sonar_20201231.csv", put: f.put, gone: f.gone, wire: w, single: true, whole: true, resumes: true,
		deny: func() { f.status = http.StatusForbidden },
		says: map[string]string{
			"drops":          fault(file + "copy: unexpected EOF (tried 4 times)"),
			"silent":         fault(": no response for 200ms (tried 4 times)"),
			"silent halfway": fault(file + "no response for 800ms (tried 4 times)"),
			"refuses":        fault(": request: dial tcp HOST: connect: connection refused (tried 4 times)"),
			"missing":        "https://HOST/elders/sonar_20201231.csv : it does not exist (404 Not Found); check the address in the contract",
			"denied":         fault(": no access (403 Forbidden); check the credentials, and what they may read"),
		},
	}
}

func TestHTTPSPlace(t *testing.T) {
	testPlace(t, func(t *testing.T) *host { return newWebFile(t).host(t) })
}

// TestHTTPSWithoutResume: without a strong ETag a failed read starts again.
func TestHTTPSWithoutResume(t *testing.T) {
	for name, etag := range map[string]func(string) string{"weak": func(sum string) string { return `W/"` + sum + `"` }, "none": nil} {
		t.Run(name, func(t *testing.T) {
			f := newWebFile(t)
			f.etag = etag
			h := f.host(t)
			h.resumes = false
			placeResumes(t, h)
			h = f.host(t)
			placeLandsOnce(t, h)
		})
	}
}

// TestHTTPSSays pulls once for each response of a server, and checks the message.
func TestHTTPSSays(t *testing.T) {
	authorised := func(header string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Authorization") == header {
				return false
			}
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	}
	raw := func(answer string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				return false
			}
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return true
			}
			_, _ = buf.WriteString(answer)
			_ = buf.Flush()
			_ = conn.Close()
			return true
		}
	}
	const landed, at, file = "landed sonar sonar_20201231.csv as 2", "failed https://HOST/uit/sonar_20201231.csv ", "sonar_20201231.csv: "
	for _, c := range []struct {
		name, extra, user string
		serve             func(w http.ResponseWriter, r *http.Request) bool
		want              string
	}{
		{"basic", ", password: 'env:WACHTWOORD'", "regio@", authorised("Basic cmVnaW86Z2VoZWlt"), landed},
		{"bearer", ", token: 'env:WACHTWOORD'", "", authorised("Bearer geheim"), landed},
		{"no credentials", "", "", authorised("Bearer geheim"), at + ": no access (401 Unauthorized); check the credentials, and what they may read"},
		{"secret that is not set", ", token: 'env:NIETS'", "", nil, at + ": sources/sonar.yaml: from.token: env:NIETS is empty; set it for the user that runs inbeeld"},
		{"secret file that is not there", ", token: 'file:secrets/niets'", "", nil, at + ": sources/sonar.yaml: from.token: open DATA/secrets/niets: no such file or directory; create it there or next to the file that refers to it, or correct the path"},
		{"no heads", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodHead {
				return false
			}
			w.WriteHeader(http.StatusMethodNotAllowed)
			return true
		}, landed},
		{"name of the server", "", "", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Disposition", `attachment; filename="../map/sonar_20210331.csv"`)
			return false
		}, "landed sonar sonar_20210331.csv as 2"},
		{"name that is not known", "", "", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Disposition", `attachment; filename="export.csv"`)
			return false
		}, "left https://HOST/uit/sonar_20201231.csv export.csv: naam niet herkend"},
		{"server error", "", "", func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}, at + ": the server answers 503 Service Unavailable (tried 4 times)"},
		{"teapot", "", "", func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusTeapot); return true }, at + ": the server answers 418 I'm a teapot"},
		{"to an address without TLS", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://127.0.0.1:1/x", http.StatusFound)
			return true
		}, at + ": request: the server redirects to an address without TLS"},
		{"round and round", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
			return true
		}, at + ": request: the server redirects more than ten times"},
		{"fewer bytes than announced", "", "", raw("HTTP/1.1 200 OK\r\nContent-Length: 14\r\nETag: \"x\"\r\n\r\naap"), "growing https://HOST/uit/sonar_20201231.csv sonar_20201231.csv: groeit nog"},
		{"breaks off each time", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet {
				w.Header().Set("Content-Length", "14")
				w.Header().Set("ETag", `"x"`)
				_, _ = w.Write([]byte("aap"))
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Content-Length", "14")
			return true
		}, at + file + "copy: unexpected EOF (tried 4 times)"},
		{"wrong length of another file", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Content-Length", "14")
			if r.Method == http.MethodGet {
				w.Header().Set("Content-Length", "3")
				_, _ = w.Write([]byte("aap"))
			}
			return true
		}, "growing https://HOST/uit/sonar_20201231.csv sonar_20201231.csv: groeit nog"},
		{"no length at all", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.Header().Set("ETag", `"x"`)
				return true
			}
			return raw("HTTP/1.0 200 OK\r\nETag: \"x\"\r\n\r\naap")(w, r)
		}, at + file + "the server does not send the size of the file, so a broken connection would look like its end; ask the supplier for a Content-Length"},
		{"in chunks", "", "", func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("ETag", `"x"`)
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte("aap"))
				w.(http.Flusher).Flush()
				_, _ = w.Write([]byte("noot"))
			}
			return true
		}, landed},
		{"of the day", ", peildatum: quarter_end", "", nil, "landed sonar sonar_20201231.csv as 2"},
		{"of a day without a file", ", peildatum: month_end", "", func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newWebFile(t)
			h := f.host(t)
			h.env = map[string]string{"WACHTWOORD": "geheim"}
			f.serve = c.serve
			f.put("aap noot mies\n", 1)
			from := strings.TrimSuffix(strings.Replace(h.from, "https://", "https://"+c.user, 1), "}") + c.extra + "}"
			b := newPlaceBench(t, h, from)
			got := strings.ReplaceAll(strings.ReplaceAll(describe(b.pull()), h.wire.addr(), "HOST"), b.data, "DATA")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			b.nothingHidden()
		})
	}
}

// TestHTTPSAsksForADay: the URL contains the day, and so does the name of the delivery.
func TestHTTPSAsksForADay(t *testing.T) {
	f := newWebFile(t)
	h := f.host(t)
	f.put("aap\n", 1)
	var paths []string
	f.serve = func(_ http.ResponseWriter, r *http.Request) bool {
		paths = append(paths, r.URL.RequestURI())
		return false
	}
	b := newPlaceBench(t, h, "{https: 'https://"+h.wire.addr()+"/uit/{peildatum}/sonar.csv?dag={peildatum}', ca: 'file:"+f.ca(t)+"', peildatum: yesterday}")
	b.expect(b.pull(), "landed sonar sonar_20210101.csv as 2")
	for _, p := range paths {
		if p != "/uit/20210101/sonar.csv?dag=20210101" {
			t.Errorf("asked for %s", p)
		}
	}
}

// TestHTTPSTrusts: which servers are trusted, and which get our certificate.
func TestHTTPSTrusts(t *testing.T) {
	f := newWebFile(t)
	h := f.host(t)
	f.put("aap\n", 1)
	from := "{https: '" + h.label + "'}"
	b := newPlaceBench(t, h, from)
	b.expect(b.pull(), "failed https://HOST/uit/sonar_20201231.csv : request: tls: failed to verify certificate: x509: certificate signed by unknown authority")
	if b.pauses > 0 {
		t.Error("a certificate that is not trusted was tried again")
	}

	certificate, key := newAuthority(t, "een").client("regio")
	f.serve = func(w http.ResponseWriter, r *http.Request) bool {
		if len(r.TLS.PeerCertificates) == 1 && r.TLS.PeerCertificates[0].Subject.CommonName == "regio" {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	b = newPlaceBench(t, h, strings.TrimSuffix(h.from, "}")+", certificate: 'file:"+certificate+"', key: 'file:"+key+"'}")
	b.expect(b.pull(), b.landedAs(2))

	b = newPlaceBench(t, h, "{https: '"+h.label+"', ca: 'file:"+key+"'}")
	if got := describe(b.pull()); !strings.HasSuffix(got, key+" contains no certificate; write it as PEM") {
		t.Error(got)
	}
}

func TestDays(t *testing.T) {
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now                              string
		today, yesterday, month, quarter string
	}{
		{"2021-01-02T01:00:00+01:00", "2021-01-02", "2021-01-01", "2020-12-31", "2020-12-31"},
		{"2021-03-31T23:59:00+02:00", "2021-03-31", "2021-03-30", "2021-02-28", "2020-12-31"},
		{"2021-04-01T00:30:00+02:00", "2021-04-01", "2021-03-31", "2021-03-31", "2021-03-31"},
		{"2024-03-01T12:00:00+01:00", "2024-03-01", "2024-02-29", "2024-02-29", "2023-12-31"},
		{"2021-12-31T12:00:00+01:00", "2021-12-31", "2021-12-30", "2021-11-30", "2021-09-30"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		for day, want := range map[contract.Day]string{contract.Today: c.today, contract.Yesterday: c.yesterday, contract.MonthEnd: c.month, contract.QuarterEnd: c.quarter} {
			if got := day.Of(now.In(amsterdam)).Format(time.DateOnly); got != want {
				t.Errorf("%s at %s is %s, want %s", day, c.now, got, want)
			}
		}
	}
}

// TestHTTPSThroughAProxy: the connection uses the proxy from the environment, which cannot read it.
func TestHTTPSThroughAProxy(t *testing.T) {
	f := newWebFile(t)
	f.put("aap\n", 1)
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		server, err := new(net.Dialer).DialContext(r.Context(), "tcp", f.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		w.WriteHeader(http.StatusOK)
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}))
	t.Cleanup(proxy.Close)
	h := f.host(t)
	h.env = map[string]string{"https_proxy": proxy.URL}
	b := newPlaceBench(t, h, "{https: 'https://example.com/uit/sonar_20201231.csv', ca: 'file:"+f.ca(t)+"'}")
	b.expect(b.pull(), b.landedAs(2))
	if len(asked) == 0 || asked[0] != "CONNECT example.com:443" {
		t.Errorf("the proxy was asked %q", asked)
	}
}
