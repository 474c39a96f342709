package pipeline

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/unpack"
	"inbeeld/sources/delivery"
)

// TestTakenOut: what travels in an envelope lies beside the original, for this user only, for as long
// as it is read; what a killed run left there goes with the next pull.
func TestTakenOut(t *testing.T) {
	t.Parallel()
	l := testLoader(t)
	c := embeddedContract(t, "sonar")
	c.Format.Identity = "leverancier.age"
	const text = "Burgerservicenr;NaamGemeente\n123456782;Laren\n"
	data, ending := shapeFile(t, map[string]string{"pack": "gzip+age"}, &txtar.Archive{Files: []txtar.File{{Name: "input.csv", Data: []byte(text)}}})
	d := landedAs(t, l, c.Name, "sonar_20201231"+ending, data)
	hidden := func() []string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(l.Data, "landing", c.Name, ".*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}

	x, err := lake.OpenExtract(t.Context(), l.Data, c, d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(x, 0, x.Size))
	if err != nil || string(got) != text || x.Size != int64(len(text)) || x.Name != "sonar_20201231.csv" {
		t.Errorf("%q, %d bytes, %s, %v", got, x.Size, x.Name, err)
	}
	copies := hidden()
	if len(copies) != 1 {
		t.Fatalf("copies %v", copies)
	}
	info, err := os.Stat(copies[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := x.Close(); err != nil || len(hidden()) != 0 {
		t.Errorf("after reading stay %v, %v", hidden(), err)
	}

	c.Format.Identity = ""
	var refused *unpack.RefusedError
	if _, err := lake.OpenExtract(t.Context(), l.Data, c, d); !errors.As(err, &refused) || len(hidden()) != 0 {
		t.Errorf("after a refusal stay %v, %v", hidden(), err)
	}
	if err := os.WriteFile(copies[0], []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := delivery.Sweep(l.Data); err != nil || len(hidden()) != 0 {
		t.Errorf("after a sweep stay %v, %v", hidden(), err)
	}
}

// TestKeyComes: a delivery for which our own key was missing is tried again.
func TestKeyComes(t *testing.T) {
	t.Parallel()
	l := testLoader(t)
	c := embeddedContract(t, "sonar")
	c.Format.Identity = "later.age"
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, "Burgerservicenr;NaamGemeente;KlantVan;IndKlantprofiel\n123456782;Laren;UWV;J\n"); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	d := landedAs(t, l, c.Name, "sonar_20201231.csv.gz.age", shapePacked(t, "age", "", packed.Bytes()))
	load, err := l.Load(t.Context(), c, d)
	if err != nil || load.Accepted || load.Current(l.Data, c, l.Key.Fingerprint()) {
		t.Fatalf("%+v, %v", load, err)
	}
	secrets := filepath.Join(l.Data, "secrets")
	if err := os.Link(filepath.Join(secrets, "leverancier.age"), filepath.Join(secrets, "later.age")); err != nil {
		t.Fatal(err)
	}
	load, err = l.Load(t.Context(), c, d)
	if err != nil || !load.Accepted || load.Balance.Geladen != 1 || !load.Current(l.Data, c, l.Key.Fingerprint()) {
		t.Fatalf("%+v, %v", load, err)
	}
}
