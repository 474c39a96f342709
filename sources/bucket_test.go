package sources

import (
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/testing/buckettest"
)

// bucketHost is a folder of an object store. at writes the mapping of a bucket on the wire.
func bucketHost(t *testing.T, store *buckettest.Store, scheme, missing, denied string, at func(bucket, addr string) string) *host {
	const file = "sonar_20201231.csv"
	w := newWire(t, store.Addr)
	put := func(name, text string, minutes int) {
		store.Put("uit/"+name, text, newYear.Add(time.Duration(minutes)*time.Minute))
	}
	label := scheme + "://" + buckettest.Name + "/uit"
	return &host{
		from: at(buckettest.Name, w.addr()), missing: at("niets", w.addr()), env: store.Env, label: label, file: file,
		put:   func(text string, minutes int) { put(file, text, minutes) },
		gone:  func() { store.Remove("uit/" + file) },
		other: put, wire: w, whole: true, resumes: true,
		lies: func() []string {
			var names []string
			for _, key := range store.Keys() {
				if name := strings.TrimPrefix(key, "uit/"); name != "" {
					names = append(names, name)
				}
			}
			return names
		},
		deny: store.Deny,
		says: map[string]string{
			"drops":          label + " " + file + ": copy: unexpected EOF (tried 4 times)",
			"silent":         label + " : no response for 200ms (tried 4 times)",
			"silent halfway": label + " " + file + ": no response for 800ms (tried 4 times)",
			"refuses":        label + " : dial tcp HOST: connect: connection refused (tried 4 times)",
			"missing":        scheme + "://niets/uit : it does not exist (404 " + missing + "); check the address in the contract",
			"denied":         label + " : no access (403 " + denied + "); check the credentials, and what they may read",
		},
	}
}

func s3Host(t *testing.T) *host {
	store := buckettest.S3(t)
	store.Put("uit/", "", newYear) // consoles create this for an empty folder
	return bucketHost(t, store, "s3", "NoSuchBucket", "AccessDenied", func(bucket, addr string) string {
		return "{s3: 's3://" + bucket + "/uit', endpoint: 'http://" + addr + "', region: nl, access_key: 'env:WIE', secret_key: 'env:GEHEIM'}"
	})
}

func azblobHost(t *testing.T) *host {
	store := buckettest.Azure(t)
	store.Env["FOUT"] = "AAAA"
	return bucketHost(t, store, "azblob", "ContainerNotFound", "AccessDenied", func(container, addr string) string {
		return "{azblob: 'azblob://" + container + "/uit', account: regio, endpoint: 'http://" + addr + "', key: 'env:SLEUTEL'}"
	})
}

func TestS3Place(t *testing.T)     { testPlace(t, s3Host) }
func TestAzblobPlace(t *testing.T) { testPlace(t, azblobHost) }

func TestAzblobCredentials(t *testing.T) {
	for _, c := range []struct{ name, with, want string }{
		{"token", "token: 'env:SAS'", "landed sonar sonar_20201231.csv as 2"},
		{"other key", "key: 'env:FOUT'", "failed azblob://emmer/uit : no access (403 AuthenticationFailed); check the credentials, and what they may read"},
		{"no base64", "key: 'env:SAS'", "failed azblob://emmer/uit : sources/sonar.yaml: from.key: env:SAS is not a key of a storage account; one is base64"},
		{"nothing", "key: 'env:NIETS'", "failed azblob://emmer/uit : sources/sonar.yaml: from.key: env:NIETS is empty; set it for the user that runs inbeeld"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := azblobHost(t)
			h.put("aap\n", 1)
			b := newPlaceBench(t, h, strings.Replace(h.from, "key: 'env:SLEUTEL'", c.with, 1))
			b.expect(b.pull(), c.want)
		})
	}
}
