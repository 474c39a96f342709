package unpack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzContent checks that any bytes have a content or are refused.
func FuzzContent(f *testing.F) {
	for _, s := range []string{"", "PK\x03\x04", "PK\x05\x06" + strings.Repeat("\x00", 18), "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", "age-encryption.org/v1\n-> X25519 x\n", "-----BEGIN AGE ENCRYPTED FILE-----\n", "\x84\x0C\x03", "\xC1\xFF", "\x8C\x0D\x04\x09"} {
		f.Add([]byte(s), "x.zip")
	}
	// written by GnuPG for the key below
	for _, name := range []string{"gpg", "gpg_signed", "no_integrity", "password", "only_signed"} {
		f.Add(message(f, "../../testdata/load/pack_pgp_"+name+".txtar"), "x.gpg")
	}
	key, err := os.ReadFile("../../testdata/load/gpg.asc")
	if err != nil {
		f.Fatal(err)
	}
	// written by 7-Zip and Info-ZIP with the password below
	for _, name := range []string{"aes256_opens", "aes128_stored", "aes_changed", "old_opens", "old_7zip"} {
		f.Add(message(f, "../../testdata/load/zip_password_"+name+".txtar"), "x.zip")
	}
	key = append([]byte("geheim wachtwoord\n"), key...)
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		e, err := Detect(bytes.NewReader(data), int64(len(data)), name)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == None {
			return
		}
		_, err = e.Content(t.Context(), io.Discard, func(string) bool { return true }, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(key)), nil })
		var refused *RefusedError
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%q: %v", data, err)
		}
	})
}

// message is the input of a case.
func message(f *testing.F, path string) []byte {
	f.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		switch file.Name {
		case "input.asc":
			return file.Data
		case "input.hex":
			data, err := hex.DecodeString(strings.Join(strings.Fields(string(file.Data)), ""))
			if err != nil {
				f.Fatal(err)
			}
			return data
		}
	}
	f.Fatalf("%s has no input", path)
	return nil
}
