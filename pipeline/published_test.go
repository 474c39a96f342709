package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	allocator "github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/publish"
)

// letterPath is the published table that the demo reproduces, figuresPath what else was published.
const (
	letterPath  = "../sources/reference/transparantie_klantprofielen_brief_2021.csv"
	figuresPath = "../sources/reference/kerncijfers.csv"
)

// A readTable is a table as an analyst finds it: read by Arrow, with nothing of ours in between.
type readTable struct {
	columns []string
	types   []string
	rows    []map[string]string // NULL is "NULL"
}

func readParquet(t *testing.T, path string) readTable {
	t.Helper()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, allocator.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	out := readTable{rows: make([]map[string]string, table.NumRows())}
	for i := range out.rows {
		out.rows[i] = map[string]string{}
	}
	for c := range int(table.NumCols()) {
		name := table.Schema().Field(c).Name
		out.columns = append(out.columns, name)
		out.types = append(out.types, duckType(table.Schema().Field(c).Type))
		at := 0
		for _, chunk := range table.Column(c).Data().Chunks() {
			for i := range chunk.Len() {
				value := "NULL"
				if chunk.IsValid(i) {
					value = chunk.ValueStr(i)
				}
				out.rows[at][name] = value
				at++
			}
		}
	}
	return out
}

// duckType is what the manifest calls an Arrow type.
func duckType(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StringType:
		return "VARCHAR"
	case *arrow.BooleanType:
		return "BOOLEAN"
	case *arrow.Int32Type:
		return "INTEGER"
	case *arrow.Int64Type:
		return "BIGINT"
	case *arrow.Date32Type:
		return "DATE"
	case *arrow.TimestampType:
		return "TIMESTAMP"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	}
	return t.String()
}

func (r readTable) sum(t *testing.T, column string, of func(map[string]string) bool) int {
	t.Helper()
	total := 0
	for _, row := range r.rows {
		if !of(row) {
			continue
		}
		n, err := strconv.Atoi(row[column])
		if err != nil {
			t.Fatalf("%s is %q, not a number", column, row[column])
		}
		total += n
	}
	return total
}

// distinct are the values of a column, sorted.
func (r readTable) distinct(column string) []string {
	var values []string
	for _, row := range r.rows {
		values = append(values, row[column])
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func on(column, value string) func(map[string]string) bool {
	return func(row map[string]string) bool { return row[column] == value }
}

// publishDemo gives a copy of a data directory with a run on the deliveries of the demo.
func publishDemo(t *testing.T) string {
	t.Helper()
	shared.demo.Do(func() { shared.demoData = makeDemo(t, sharedDir(t)) })
	if shared.demoData == "" {
		t.Fatal("the demo could not be published, see another test")
	}
	return nightCase{data: shared.demoData}.copy(t).data
}

func makeDemo(t *testing.T, data string) string {
	t.Helper()
	p, faults, err := project.Load("")
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	if err := intake.Create(data, p); err != nil {
		t.Fatal(err)
	}
	letter, err := os.ReadFile(letterPath)
	if err != nil {
		t.Fatal(err)
	}
	kerncijfers, err := os.ReadFile(figuresPath)
	if err != nil {
		t.Fatal(err)
	}
	extracts, err := demo.Extracts(letter, kerncijfers)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extracts {
		path := filepath.Join(data, filepath.FromSlash(p.Contract(e.Source).Dir), e.Name)
		if err := os.WriteFile(path, e.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, e.Modified, e.Modified); err != nil {
			t.Fatal(err)
		}
	}
	res, err := Run(t.Context(), demoOptions(data))
	if err != nil || res.Outcome != mart.Published {
		t.Fatalf("%+v %v", res, err)
	}
	return data
}

func demoOptions(data string) Options {
	return Options{
		Scope: intake.Scope{Dir: datadir.Dir{
			Path: data, Log: zerolog.Nop(), Now: func() time.Time { return demo.Clock },
			Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		}},
		Publish: publish.Settings{Intern: true},
	}
}

// TestPublished holds what the demo publishes against the published facts and against itself.
func TestPublished(t *testing.T) {
	t.Parallel()
	data := publishDemo(t)
	current, m, marts := readMarts(t, data)
	t.Run("letter", func(t *testing.T) {
		checkLetter(t, marts["transparantie_klantprofielen"], marts["transparantie_regio"])
	})
	t.Run("files", func(t *testing.T) { checkFiles(t, current, m) })
	t.Run("schemas", func(t *testing.T) { checkSchemas(t, current, m, marts) })
	t.Run("package", func(t *testing.T) { packageIsValid(t, filepath.Join(current, "datapackage.json")) })
	t.Run("sums", func(t *testing.T) { checkSums(t, data, m, marts) })
	t.Run("dims", func(t *testing.T) { checkDims(t, marts) })
	t.Run("figures", func(t *testing.T) { checkFigures(t, marts) })
	t.Run("contributions", func(t *testing.T) { checkContributions(t, marts) })
	t.Run("capacity", func(t *testing.T) { checkCapacity(t, marts) })
	t.Run("reference", func(t *testing.T) { checkReference(t, marts) })
	t.Run("elsewhere", func(t *testing.T) { checkElsewhere(t, data) })
}

// readMarts reads everything that is published: its folder, its manifest and its tables by name.
func readMarts(t *testing.T, data string) (string, *mart.Manifest, map[string]readTable) {
	t.Helper()
	current, err := filepath.EvalSymlinks(filepath.Join(data, "marts", "current"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mart.ReadManifest(current)
	if err != nil {
		t.Fatal(err)
	}
	marts := map[string]readTable{}
	for _, f := range m.Files {
		marts[f.Mart] = readParquet(t, filepath.Join(current, filepath.FromSlash(f.Path)))
	}
	return current, m, marts
}

// checkLetter compares the table of 31 December 2020 with the letter, cell by cell.
func checkLetter(t *testing.T, got, region readTable) {
	f, err := os.Open(letterPath)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	r := csv.NewReader(f)
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]string{}
	for _, cell := range []struct{ column, klant, measure string }{
		{"gemeente_met_profiel", "GEMEENTE", "met_profiel"},
		{"gemeente_zonder_profiel", "GEMEENTE", "zonder_profiel"},
		{"uwv_met_profiel", "UWV", "met_profiel"},
		{"uwv_zonder_profiel", "UWV", "zonder_profiel"},
	} {
		where[cell.column] = cell.klant + " " + cell.measure
	}
	last := func(row map[string]string) bool { return row["peildatum"] == "2020-12-31" }
	cells := 0
	for _, line := range lines[1:] {
		all := line[0] == "TOTAAL AMR"
		for i, column := range lines[0] {
			if i == 0 {
				continue
			}
			klant, measure, one := strings.Cut(where[column], " ")
			if !one {
				klant, measure = "", "totaal"
			}
			n := got.sum(t, measure, func(row map[string]string) bool {
				return last(row) && (all || row["gemeente"] == line[0]) && (klant == "" || row["klant_van"] == klant)
			})
			if strconv.Itoa(n) != line[i] {
				t.Errorf("%s, %s: %d, the letter says %s", line[0], column, n, line[i])
			}
			if all {
				n := region.sum(t, measure, func(row map[string]string) bool {
					return last(row) && row["gebied"] == "Gooi en Vechtstreek" && row["klant_van"] == map[string]string{"": "ALLE"}[klant]+klant
				})
				if strconv.Itoa(n) != line[i] {
					t.Errorf("region, %s: %d, the letter says %s", column, n, line[i])
				}
			}
			cells++
		}
	}
	if cells != 9*5 {
		t.Errorf("%d cells were compared", cells)
	}
	for _, row := range got.rows {
		met, zonder, totaal := row["met_profiel"], row["zonder_profiel"], row["totaal"]
		a, _ := strconv.Atoi(met)
		b, _ := strconv.Atoi(zonder)
		want := "NULL"
		if a+b > 0 { // rounded half up, in tenths
			tenths := (2000*a + a + b) / (2 * (a + b))
			want = strings.TrimSuffix(fmt.Sprintf("%d.%d", tenths/10, tenths%10), ".0") // Arrow leaves it out
		}
		if totaal != strconv.Itoa(a+b) || row["dekking_pct"] != want {
			t.Errorf("%v: total %d, dekking %s", row, a+b, want)
		}
	}
}

// checkFiles holds what is in the folder against the manifest.
func checkFiles(t *testing.T, current string, m *mart.Manifest) {
	listed := []string{"datapackage.json", "manifest.json"}
	for _, f := range m.Files {
		listed = append(listed, filepath.FromSlash(f.Path))
		text, err := os.ReadFile(filepath.Join(current, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(text)) != f.Size {
			t.Errorf("%s is not the file of the manifest", f.Path)
		}
	}
	var found []string
	for _, pattern := range []string{"*.*", "intern/*"} {
		names, err := filepath.Glob(filepath.Join(current, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			rel, _ := filepath.Rel(current, n)
			found = append(found, rel)
		}
	}
	slices.Sort(listed)
	slices.Sort(found)
	if !slices.Equal(listed, found) {
		t.Errorf("in the folder %v, in the manifest %v", found, listed)
	}
	if len(m.Deliveries) != 31 || m.Checks["blokkerend"] != 0 || m.Checks["ok"] == 0 {
		t.Errorf("%d deliveries, checks %v", len(m.Deliveries), m.Checks)
	}
}

// checkSchemas holds each file against the manifest, and datapackage.json against both.
func checkSchemas(t *testing.T, current string, m *mart.Manifest, marts map[string]readTable) {
	type resource struct {
		Path, Description, Hash string
		Schema                  struct {
			Fields []struct{ Name, Type, Description string }
		}
	}
	var pack struct{ Resources []resource }
	text, err := os.ReadFile(filepath.Join(current, "datapackage.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &pack); err != nil {
		t.Fatal(err)
	}
	if len(pack.Resources) != len(m.Files) || len(m.Files) < 12 {
		t.Errorf("%d resources for %d files", len(pack.Resources), len(m.Files))
	}
	frictionless := map[string]string{"VARCHAR": "string", "BOOLEAN": "boolean", "INTEGER": "integer", "BIGINT": "integer", "DATE": "date", "TIMESTAMP": "datetime"}
	for _, f := range m.Files {
		i := slices.IndexFunc(pack.Resources, func(r resource) bool { return r.Path == f.Path })
		if i < 0 {
			t.Errorf("%s is not in datapackage.json", f.Path)
			continue
		}
		res, got := pack.Resources[i], marts[f.Mart]
		if res.Hash != "sha256:"+f.SHA256 || res.Description == "" || len(res.Schema.Fields) != len(got.columns) || int64(len(got.rows)) != f.Rows {
			t.Errorf("%s: %+v", f.Path, res)
			continue
		}
		for c, field := range res.Schema.Fields {
			want, ok := frictionless[got.types[c]]
			if strings.HasPrefix(got.types[c], "DECIMAL(") {
				want, ok = "number", true
			}
			if !ok || field.Name != got.columns[c] || field.Type != want || field.Description == "" {
				t.Errorf("%s: column %s %s is described as %+v", f.Path, got.columns[c], got.types[c], field)
			}
			if f.Columns[c].Name != field.Name || f.Columns[c].Type != got.types[c] || f.Columns[c].Description != field.Description {
				t.Errorf("%s: the manifest has %+v for %+v", f.Path, f.Columns[c], field)
			}
		}
	}
}

// checkSums counts persons in the lake, and holds the sums over all groups against that.
func checkSums(t *testing.T, data string, m *mart.Manifest, marts map[string]readTable) {
	judged := 0
	for _, d := range m.Deliveries {
		lake := readParquet(t, filepath.Join(data, "lake", d.Source, d.ID+".parquet"))
		persons := map[string]bool{}
		switch d.Source {
		case "sonar":
			for _, row := range lake.rows {
				persons[row["persoon_id"]] = true
			}
			if n := marts["transparantie_klantprofielen"].sum(t, "totaal", on("peildatum", d.Peildatum)); n != len(persons) {
				t.Errorf("transparantie_klantprofielen of %s: %d of %d persons", d.Peildatum, n, len(persons))
			}
			n := marts["transparantie_regio"].sum(t, "totaal", func(row map[string]string) bool {
				return row["peildatum"] == d.Peildatum && row["gebied"] != "Gooi en Vechtstreek" && row["klant_van"] != "ALLE"
			})
			if n != len(persons) {
				t.Errorf("transparantie_regio of %s: %d of %d persons", d.Peildatum, n, len(persons))
			}
		case "doelgroepregister":
			for _, row := range lake.rows {
				begin, end := row["begindatum"], row["einddatum"]
				if begin <= d.Peildatum && (end == "NULL" || end >= d.Peildatum) && begin != end {
					persons[row["persoon_id"]] = true
				}
			}
			if n := marts["doelgroep_stand"].sum(t, "personen", on("peildatum", d.Peildatum)); n != len(persons) {
				t.Errorf("doelgroep_stand of %s: %d of %d persons", d.Peildatum, n, len(persons))
			}
			if d.Peildatum < "2019-03-31" { // nothing but the register was delivered yet
				persons = map[string]bool{}
			}
			n := marts["trechter"].sum(t, "personen", func(row map[string]string) bool {
				return row["peildatum"] == d.Peildatum && row["stap"] == "in_register"
			})
			if n != len(persons) {
				t.Errorf("trechter of %s: %d of %d persons", d.Peildatum, n, len(persons))
			}
		case "plaatsingen":
			n := marts["plaatsingen_stand"].sum(t, "lopende_plaatsingen", on("peildatum", d.Peildatum))
			want := 0
			for _, row := range lake.rows {
				if row["begindatum"] <= d.Peildatum && (row["einddatum"] == "NULL" || row["einddatum"] >= d.Peildatum) {
					want++
				}
			}
			if n != want {
				t.Errorf("plaatsingen_stand of %s: %d of %d placements", d.Peildatum, n, want)
			}
		}
		judged++
	}
	if judged != 31 {
		t.Errorf("%d deliveries were judged", judged)
	}
}

// checkDims joins every fact with its dims: nobody may be lost, and nobody counted twice.
func checkDims(t *testing.T, marts map[string]readTable) {
	joins := 0
	for _, dim := range []struct {
		name, key string
		on        []string // columns of facts
	}{
		{"dim_gemeente", "gemeentecode", []string{"gemeentecode", "gemeentecode_huidig"}},
		{"dim_peildatum", "peildatum", []string{"peildatum"}},
		{"dim_uitvoeringsdienst", "uitvoeringsdienst", []string{"uitvoeringsdienst"}},
		{"dim_grondslag", "grondslag", []string{"grondslag"}},
	} {
		of := marts[dim.name]
		keys := of.distinct(dim.key)
		if len(keys) != len(of.rows) || len(keys) < 2 || slices.Contains(keys, "NULL") {
			t.Errorf("%s: the key is not unique: %d of %d", dim.name, len(keys), len(of.rows))
		}
		for name, fact := range marts {
			for _, column := range dim.on {
				if name == dim.name && column == dim.key || !slices.Contains(fact.columns, column) {
					continue
				}
				joins++
				for _, value := range fact.distinct(column) {
					if _, known := slices.BinarySearch(keys, value); !known {
						t.Errorf("%s: an inner join with %s loses %s %s", name, dim.name, column, value)
					}
				}
			}
		}
	}
	if joins < 12 {
		t.Errorf("%d joins were tried", joins)
	}
	for dim, row := range map[string]map[string]string{
		"dim_gemeente":          {"gemeentecode": "GM9999", "gemeente": "Onbekend"},
		"dim_uitvoeringsdienst": {"uitvoeringsdienst": "Onbekend"},
		"dim_grondslag":         {"grondslag": "ONBEKEND"},
		"dim_peildatum":         {"omschrijving": "Onbekend"},
	} {
		found := slices.ContainsFunc(marts[dim].rows, func(r map[string]string) bool {
			for k, v := range row {
				if r[k] != v {
					return false
				}
			}
			return true
		})
		if !found {
			t.Errorf("%s has no row %v", dim, row)
		}
	}
}
