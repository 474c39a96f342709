package sources

import (
	"encoding/base64"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func newBlobServer(t *testing.T) (*blobServer, string) {
	s := &blobServer{account: "regio", container: "bak", key: []byte("een sleutel van de rekening"), blobs: map[string]storedBlob{}}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return s, server.Listener.Addr().String()
}

func azblobHost(t *testing.T) *host {
	s, addr := newBlobServer(t)
	w := newWire(t, addr)
	put := func(name, text string, minutes int) { s.put("uit/"+name, text, minutes) }
	at := func(container string) string {
		return "{azblob: 'azblob://" + container + "/uit', account: regio, endpoint: 'http://" + w.addr() + "', key: 'env:SLEUTEL'}"
	}
	const label = "azblob://bak/uit"
	return &host{
		from: at("bak"), missing: at("niets"), label: label, file: "sonar_20201231.csv",
		env: map[string]string{"SLEUTEL": base64.StdEncoding.EncodeToString(s.key), "FOUT": "AAAA", "SAS": "?sv=2024-11-04&sig=geheim"},
		put: func(text string, minutes int) { put("sonar_20201231.csv", text, minutes) },
		gone: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.blobs, "uit/sonar_20201231.csv")
		},
		other: put, wire: w, whole: true, resumes: true,
		lies: func() []string {
			s.mu.Lock()
			defer s.mu.Unlock()
			var names []string
			for _, name := range slices.Sorted(maps.Keys(s.blobs)) {
				names = append(names, strings.TrimPrefix(name, "uit/"))
			}
			return names
		},
		deny: func() { s.denied = true },
		says: objectStoreSays(label, "azblob://niets/uit : it does not exist (404 ContainerNotFound); check the address in the contract",
			label+" : no access (403 AuthorizationPermissionMismatch); check the credentials, and what they may read"),
	}
}

func TestAzblobPlace(t *testing.T) { testPlace(t, azblobHost) }

func TestAzblobCredentials(t *testing.T) {
	for _, c := range []struct{ name, with, want string }{
		{"token", "token: 'env:SAS'", "landed sonar sonar_20201231.csv as 2"},
		{"other key", "key: 'env:FOUT'", "failed azblob://bak/uit : no access (403 AuthenticationFailed); check the credentials, and what they may read"},
		{"no base64", "key: 'env:SAS'", "failed azblob://bak/uit : env:SAS is no key of a storage account; it is base64"},
		{"nothing", "key: 'env:NIETS'", "failed azblob://bak/uit : env:NIETS is empty; the contract says that a secret is there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := azblobHost(t)
			h.put("aap\n", 1)
			b := newPlaceBench(t, h, strings.Replace(h.from, "key: 'env:SLEUTEL'", c.with, 1))
			b.expect(b.pull(), c.want)
		})
	}
}
