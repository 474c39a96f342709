package pipeline

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/xuri/excelize/v2"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sql/quote"
)

// shapeIdentity makes the key of cases that are encrypted, in secrets/leverancier.age.
var shapeIdentity = sync.OnceValue(func() *age.X25519Identity {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return identity
})

// shapeFile makes the bytes of a case and the end of its name from the one file that holds its input:
//
//	input.csv      text, see TestLoadCases
//	input.json     text, as is input.jsonl
//	input.xlsx     lines of cells between bars, made into a workbook by another program's code; a line
//	               [name] begins a sheet, #1.5 is a number, !J and !N a boolean, cells are merged
//	               from one up to the ^ behind it, and "- " before a line hides the row
//	input.parquet  a SELECT whose result is the file
//	input.hex      bytes
//	input.asc      text that another program wrote
//	zip/<path>     the files of a zip archive, such as the parts of a workbook
func shapeFile(t *testing.T, settings map[string]string, archive *txtar.Archive) (data []byte, ending string) {
	t.Helper()
	parts := map[string][]byte{}
	var order []string
	for _, f := range archive.Files {
		text := string(f.Data)
		switch {
		case f.Name == "input.csv":
			data, ending = caseInput(t, settings, text), ".csv"
		case f.Name == "input.json" || f.Name == "input.jsonl":
			expanded := caseExpand(text, "\n")
			data, ending = []byte(expanded), filepath.Ext(f.Name)
			if settings["encoding"] != "" {
				data = caseEncode(t, settings["encoding"], expanded)
			}
		case f.Name == "input.xlsx":
			data, ending = shapeWorkbook(t, caseExpand(text, "\n")), ".xlsx"
		case f.Name == "input.parquet":
			data, ending = shapeParquet(t, caseExpand(text, "\n")), ".parquet"
		case f.Name == "input.asc":
			data, ending = f.Data, ".csv.asc"
		case f.Name == "input.hex":
			raw, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
			if err != nil {
				t.Fatal(err)
			}
			data, ending = raw, ".csv"
		case strings.HasPrefix(f.Name, "zip/"):
			name := strings.TrimPrefix(f.Name, "zip/")
			parts[name] = []byte(caseExpand(text, "\n"))
			order = append(order, name)
		}
	}
	if n, err := strconv.Atoi(settings["entries"]); err == nil {
		for i := range n {
			order = append(order, "leeg"+strconv.Itoa(i))
		}
	}
	if len(order) > 0 {
		data, ending = shapeZip(t, order, parts), ".zip"
		if slices.Contains(order, "[Content_Types].xml") {
			ending = ".xlsx"
		}
	}
	for kind := range strings.SplitSeq(settings["pack"], "+") {
		if kind != "" {
			data, ending = shapePacked(t, kind, "bron_20201231"+ending, data), ending+map[string]string{"gzip": ".gz", "zip": ".zip", "age": ".age", "age-other": ".age"}[kind]
		}
		if strings.HasPrefix(kind, "pgp") {
			ending += ".pgp"
		}
	}
	if cut := settings["cut"]; cut != "" {
		n, err := strconv.Atoi(cut)
		if err != nil {
			t.Fatal(err)
		}
		data = data[:len(data)*n/100]
	}
	if settings["ending"] != "" {
		ending = settings["ending"]
	}
	return data, ending
}

// shapePacked is a file in an envelope; name is what it is called.
func shapePacked(t *testing.T, kind, name string, data []byte) []byte {
	t.Helper()
	switch kind {
	case "gzip":
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(data); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	case "zip":
		return shapeZip(t, []string{name}, map[string][]byte{name: data})
	case "age":
		return shapeEncrypted(t, data, shapeIdentity().Recipient())
	case "age-other":
		other, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		return shapeEncrypted(t, data, other.Recipient())
	case "pgp", "pgp-aead", "pgp-compressed", "pgp-other":
		return shapePGP(t, kind, data)
	}
	t.Fatalf("unknown pack %q", kind)
	return nil
}

func shapeZip(t *testing.T, order []string, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range order {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func shapeEncrypted(t *testing.T, data []byte, recipient age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shapeKey makes a key of OpenPGP.
func shapeKey() *openpgp.Entity {
	key, err := openpgp.NewEntity("Regio", "", "regio@example.org", nil)
	if err != nil {
		panic(err)
	}
	return key
}

// shapeRegio makes the key of cases that are encrypted with OpenPGP, in secrets/regio.asc, and in
// regio_dicht.asc with a password.
var shapeRegio = sync.OnceValue(shapeKey)

// shapeSecrets are the files of the folder secrets.
func shapeSecrets(t testing.TB) map[string][]byte {
	t.Helper()
	gpg, err := os.ReadFile("testdata/load/gpg.asc")
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{"leverancier.age": []byte(shapeIdentity().String()), "gpg.asc": gpg, "zip.txt": []byte("geheim wachtwoord\n"), "andere.txt": []byte("ander wachtwoord\n")}
	export := func(key *openpgp.Entity) []byte {
		var b bytes.Buffer
		w, err := armor.Encode(&b, openpgp.PrivateKeyType, nil)
		if err != nil || key.SerializePrivateWithoutSigning(w, nil) != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	secrets["regio.asc"] = export(shapeRegio())
	closed, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(secrets["regio.asc"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := closed[0].EncryptPrivateKeys([]byte("geheim"), nil); err != nil {
		t.Fatal(err)
	}
	secrets["regio_dicht.asc"] = export(closed[0])
	return secrets
}

func shapePGP(t *testing.T, kind string, data []byte) []byte {
	t.Helper()
	key, config := shapeRegio(), &packet.Config{}
	switch kind {
	case "pgp-aead":
		config.AEADConfig = &packet.AEADConfig{}
	case "pgp-compressed":
		config.DefaultCompressionAlgo = packet.CompressionZLIB
	case "pgp-other":
		key = shapeKey()
	}
	var b bytes.Buffer
	w, err := openpgp.Encrypt(&b, openpgp.EntityList{key}, nil, nil, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func shapeParquet(t *testing.T, query string) []byte {
	t.Helper()
	db, err := duck.Open(t.Context(), duck.Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "made.parquet")
	if err := s.Exec(t.Context(), "copy ("+query+") to "+quote.Literal(path)+" (format parquet)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func shapeWorkbook(t *testing.T, text string) []byte {
	t.Helper()
	book := excelize.NewFile()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sheet, row := "Sheet1", 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "["); ok {
			if row == 0 && sheet == "Sheet1" {
				check(book.SetSheetName("Sheet1", strings.TrimSuffix(name, "]")))
			} else {
				_, err := book.NewSheet(strings.TrimSuffix(name, "]"))
				check(err)
			}
			sheet, row = strings.TrimSuffix(name, "]"), 0
			continue
		}
		if line == "1904" {
			yes := true
			check(book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
			continue
		}
		row++
		rest, hidden := strings.CutPrefix(line, "- ")
		if line == "" {
			continue
		}
		merged := ""
		for i, value := range strings.Split(rest, "|") {
			value = strings.TrimSpace(value)
			cell, err := excelize.CoordinatesToCellName(i+1, row)
			check(err)
			switch {
			case value == "^":
				check(book.MergeCell(sheet, merged, cell))
				continue
			case value == "":
				continue
			case strings.HasPrefix(value, "#"):
				check(book.SetCellDefault(sheet, cell, value[1:]))
			case value == "!J" || value == "!N":
				check(book.SetCellBool(sheet, cell, value == "!J"))
			default:
				check(book.SetCellStr(sheet, cell, value))
			}
			merged = cell
		}
		if hidden {
			check(book.SetRowVisible(sheet, row, false))
		}
	}
	var b bytes.Buffer
	check(book.Write(&b))
	check(book.Close())
	return b.Bytes()
}

// shapeHex is the file of a case that is written in hexadecimal digits.
func shapeHex(t *testing.T, name string) []byte {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "load", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == "input.hex" {
			data, err := hex.DecodeString(strings.Join(strings.Fields(string(f.Data)), ""))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	t.Fatalf("case %s has no input.hex", name)
	return nil
}
