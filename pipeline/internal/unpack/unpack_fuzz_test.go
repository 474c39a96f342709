package unpack

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzContent takes out of any bytes what is in them, or refuses them; nothing else happens.
func FuzzContent(f *testing.F) {
	for _, s := range []string{"", "PK\x03\x04", "PK\x05\x06" + strings.Repeat("\x00", 18), "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", "age-encryption.org/v1\n-> X25519 x\n", "-----BEGIN AGE ENCRYPTED FILE-----\n"} {
		f.Add([]byte(s), "x.zip")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		e, err := Of(bytes.NewReader(data), int64(len(data)), name)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == None {
			return
		}
		_, err = e.Content(t.Context(), io.Discard, func(string) bool { return true }, func() (io.ReadCloser, error) { return nil, nil })
		var refused *RefusedError
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
