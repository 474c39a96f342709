package pipeline

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/records"
	"inbeeld/pipeline/internal/testing/truth"
	"inbeeld/sources/contract"
)

// truthReference reads the reference tables, with nothing of the product in between.
func truthReference(t testing.TB) map[string][]truth.Row {
	t.Helper()
	out := map[string][]truth.Row{}
	names, err := fs.Glob(os.DirFS("../sources/reference"), "*.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := os.Open(filepath.Join("../sources/reference", name))
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(f)
		r.Comma = ';'
		lines, err := r.ReadAll()
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		table := strings.TrimSuffix(name, ".csv")
		out[table] = []truth.Row{}
		for _, line := range lines[1:] {
			row := truth.Row{}
			for i, column := range lines[0] {
				row[column] = line[i]
			}
			out[table] = append(out[table], row)
		}
	}
	return out
}

// A truthStory is a data directory with what was delivered and decided, and a world to which the same
// happened.
type truthStory struct {
	nightCase
	world     *truth.World
	contracts map[string]*contract.Contract
	secret    []byte
	minutes   int
	given     map[string][]string // by source and peildatum: contents, in order
	story     []string
}

func newTruthStory(t testing.TB) *truthStory {
	t.Helper()
	secret, err := hex.DecodeString(strings.TrimSpace(nightKey))
	if err != nil {
		t.Fatal(err)
	}
	s := &truthStory{nightCase: newNight(t, ""), world: truth.NewWorld(truthReference(t)), contracts: map[string]*contract.Contract{}, secret: secret, given: map[string][]string{}}
	for _, name := range []string{"doelgroepregister", "sonar", "plaatsingen", "aanvragen", "clientenbestand", "uwv_trend"} {
		s.contracts[name] = embeddedContract(t, name)
	}
	return s
}

func (s *truthStory) tell(format string, args ...any) {
	s.story = append(s.story, fmt.Sprintf(format, args...))
}

// give puts a file in the inbox, later than all before it.
func (s *truthStory) give(t testing.TB, source, peildatum, text string) {
	t.Helper()
	s.minutes++
	name := fmt.Sprintf("%s_%s_%d.csv", source, strings.ReplaceAll(peildatum, "-", ""), s.minutes)
	s.deliver(t, source, name, text, s.minutes)
	s.given[source+" "+peildatum] = append(s.given[source+" "+peildatum], text)
	d := s.read(source, peildatum, name, []byte(text))
	s.world.Receive(d)
	s.tell("  %s: %d records, %d loaded, %d in quarantine %v", name, d.Records, d.Geladen, d.InQuarantaine, d.Reasons)
}

// read makes of a file what loading it should give.
func (s *truthStory) read(source, peildatum, name string, data []byte) truth.Delivery {
	c := s.contracts[source]
	out := refLoad(c, data, s.secret)
	b := out.Load.Balance
	sum := sha256.Sum256(data)
	d := truth.Delivery{
		Source: source, Peildatum: peildatum, ID: peildatum + "-" + hex.EncodeToString(sum[:])[:12],
		File: name, Modified: nightClock.Add(time.Duration(s.minutes-600) * time.Minute),
		Accepted: out.Load.Accepted, Reasons: out.Load.Reasons,
		Records: int(b.Records), Geladen: int(b.Geladen), InQuarantaine: int(b.InQuarantaine), Hersteld: int(b.Hersteld),
		Voorloopnul: int(b.Voorloopnul), NietData: int(b.NietData), Elfproef: int(out.Load.Elfproef), DubbeleSleutels: int(out.Load.Duplicates),
	}
	if out.Load.Total != nil && out.Load.Total.Count != nil {
		n := int(*out.Load.Total.Count)
		d.TotaalRegel = &n
	}
	d.KolommenAfwezig, d.KolommenNieuw, d.VolgordeAnders = truthColumns(c, data)
	d.Aandelen = truthShares(c, data)
	for _, values := range out.Rows {
		row := truth.Row{}
		for i, col := range c.Columns {
			if v := values[1+i]; v != loadNull {
				row[col.As] = v
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

// truthColumns are the optional columns that a file does not have, and those that no contract names;
// and whether its columns stand in another order than in the contract.
func truthColumns(c *contract.Contract, data []byte) (absent, unknown []string, reordered bool) {
	text := refDecode(data, c.Format.Encoding)
	for _, rec := range refRecords(text, refDialect(c, text)) {
		if !slices.ContainsFunc(c.Columns, func(col contract.Column) bool { return slices.Contains(rec.fields, col.Name) }) {
			continue // above the header
		}
		var places []int
		for _, col := range c.Columns {
			switch at := slices.Index(rec.fields, col.Name); {
			case at >= 0:
				places = append(places, at)
			case !col.Required:
				absent = append(absent, col.Name)
			}
		}
		reordered = !slices.IsSorted(places)
		for _, f := range rec.fields {
			if !slices.ContainsFunc(c.Columns, func(col contract.Column) bool { return col.Name == f }) {
				unknown = append(unknown, f)
			}
		}
		break
	}
	return absent, unknown, reordered
}

// truthShares count, of each column that a file has, how many of its records are filled in, and how
// dates, decimals and repaired BSNs are written.
func truthShares(c *contract.Contract, data []byte) (shares []truth.Aandeel) {
	text := refDecode(data, c.Format.Encoding)
	shape := refDialect(c, text)
	var h records.Header
	recs := refRecords(text, shape)
	index, at := refHeader(c, recs, &h)
	if at < 0 {
		return nil
	}
	var rows [][]string
	data0 := refData(recs[at+1:], shape, &lake.Load{})
	for _, r := range data0 {
		if r.fault == "" && len(r.fields) == h.Fields {
			rows = append(rows, r.fields)
		}
	}
	if len(data0) == 0 {
		return nil
	}
	for j, col := range c.Columns {
		if index[j] < 0 {
			continue
		}
		filled, how := 0, map[string]int{}
		for _, fields := range rows {
			value := strings.TrimSpace(fields[index[j]])
			if col.Type == contract.Date {
				if date, fault := refDate(value); date == loadNull && fault == "" {
					continue // zeros say that there is none
				}
			}
			if value != "" {
				filled++
				how[truthWritten(col.Type, value)]++
			}
		}
		shares = append(shares, truth.Aandeel{Kolom: col.Name, Teller: filled, Noemer: len(rows)})
		of := filled
		if col.Type == contract.Decimal {
			of = how["met een komma"] + how["met een punt"]
		}
		for _, way := range []string{"als jjjj-mm-dd", "als dd-mm-jjjj", "als jjjjmmdd", "met een komma", "met een punt", "zonder de nul aan het begin", "met spaties of punten"} {
			shares = append(shares, truth.Aandeel{Kolom: col.Name, Wijze: way, Teller: how[way], Noemer: of})
		}
	}
	return shares
}

var truthDates = []struct {
	way  string
	form *regexp.Regexp
}{
	{"als jjjj-mm-dd", regexp.MustCompile(`^[^-]{4}-`)},
	{"als jjjjmmdd", regexp.MustCompile(`^[^-]{8}`)},
	{"als dd-mm-jjjj", regexp.MustCompile(`^[^-]+-`)},
}

// truthWritten is the way in which a value is written.
func truthWritten(t contract.ColumnType, value string) string {
	if t == contract.BSN {
		_, repaired, _ := refBSN(value)
		return map[string]string{"1": "met spaties of punten", "2": "zonder de nul aan het begin"}[repaired]
	}
	if t == contract.Decimal && strings.Contains(value, ",") {
		return "met een komma"
	}
	if t == contract.Decimal && strings.Contains(value, ".") {
		return "met een punt"
	}
	if t == contract.Date {
		for _, d := range truthDates {
			if d.form.MatchString(value) {
				return d.way
			}
		}
	}
	return ""
}

// withdraw withdraws a delivery that was not withdrawn before.
func (s *truthStory) withdraw(t testing.TB, rnd *rand.Rand) {
	t.Helper()
	var left []*truth.Delivery
	for _, d := range s.world.Deliveries() {
		if status, _ := s.world.StatusOf(d); status != truth.Ingetrokken {
			left = append(left, d)
		}
	}
	if len(left) == 0 {
		return
	}
	d := left[rnd.IntN(len(left))]
	if _, err := intake.Withdraw(nightOptions(s.data, "").Scope, d.Source+"/"+d.ID, "de beheerder", "verkeerd bestand"); err != nil {
		t.Fatal(err)
	}
	s.world.Withdraw(d.Source, d.ID, "verkeerd bestand")
	s.tell("withdrawn: %s/%s", d.Source, d.ID)
}

// runs does a nightCase, which must publish.
func (s *truthStory) runs(t *testing.T, clock time.Time) map[string]readTable {
	t.Helper()
	o := nightOptions(s.data, "")
	o.Now = func() time.Time { return clock }
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != mart.Published {
		t.Fatalf("outcome %s: %v", result.Outcome, result.Blocks)
	}
	return s.marts(t)
}

// marts are all published files, by the name of the mart.
func (s *truthStory) marts(t *testing.T) map[string]readTable {
	t.Helper()
	current, err := filepath.EvalSymlinks(s.path("marts", "current"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]readTable{}
	for _, pattern := range []string{"*.parquet", "intern/*.parquet"} {
		paths, err := filepath.Glob(filepath.Join(current, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			out[strings.TrimSuffix(filepath.Base(path), ".parquet")] = readParquet(t, path)
		}
	}
	return out
}
