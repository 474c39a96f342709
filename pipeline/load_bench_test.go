package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// benchmarkFile is a Sonar file of n records without a fault.
func benchmarkFile(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 6))
	var b bytes.Buffer
	b.WriteString("Burgerservicenr;NaamGemeente;CdGemeenteGba;KlantVan;IndKlantprofiel;DatLaatsteWijzigingProfiel;IndZichtbaar;IndToestemming;IndWerkfit;" +
		"Participatieladder;CdOpleidingsniveau;Bemiddelingsberoep;MaxReisafstandKm;AantUrenBeschikbaar;Sector\r\n")
	one := func(of ...string) string { return of[rnd.IntN(len(of))] }
	for person := 900000000; n > 0; person++ {
		bsn := strconv.Itoa(person)
		if !refElfproef(bsn) {
			continue
		}
		n--
		fmt.Fprintf(&b, "%s;%s;0402;%s;%s;%02d-%02d-20%02d;%s;%s;%s;%d;%s;%s;%d;%d,%d;%s\r\n", bsn, one("Hilversum", "Gooise Meren", "Wijdemeren", "Huizen", "Laren (NH)"),
			one("GEMEENTE", "UWV"), one("J", "N"), 1+rnd.IntN(28), 1+rnd.IntN(12), 10+rnd.IntN(11), one("J", "N", ""), one("J", "N", ""), one("J", "N"), 1+rnd.IntN(6),
			one("MBO", "HBO", "VMBO", ""), one("Medewerker groenvoorziening", "Kok", "Schoonmaker", "Medewerker kinderopvang", ""), rnd.IntN(60), rnd.IntN(40), rnd.IntN(10), one("Horeca", "Zorg", ""))
	}
	return b.Bytes()
}

// byHand is what DuckDB needs to be told to do the same with a file that is known to be right: its
// own reader, the casts, a hash for the pseudonym, and one COPY.
func byHand(c *contract.Contract, in, out string) string {
	var list []string
	for _, col := range c.Columns {
		text, as := "trim("+quote.Ident(col.Name)+")", " as "+quote.Ident(col.As)
		switch col.Type {
		case contract.BSN:
			list = append(list, "sha256("+text+")[1:32]"+as)
		case contract.Date:
			list = append(list, "try_strptime("+text+", '%d-%m-%Y')::date"+as)
		case contract.Decimal:
			list = append(list, "try_cast(replace("+text+", ',', '.') as decimal(18, 6))"+as)
		case contract.Integer:
			list = append(list, "try_cast("+text+" as bigint)"+as)
		case contract.JaNee:
			list = append(list, "case upper("+text+") when 'J' then true when 'JA' then true when 'N' then false when 'NEE' then false end"+as)
		case contract.Code:
			list = append(list, "case when upper("+text+") in ("+lake.UpperLiterals(col.Values)+") then upper("+text+") end"+as)
		case contract.Text:
			list = append(list, "nullif("+text+", '')"+as)
		}
	}
	return duck.CopyStatement("select "+strings.Join(list, ", ")+" from read_csv("+quote.Literal(in)+", delim = ';', header = true, all_varchar = true)", out, map[string]string{"by": "hand"})
}

// BenchmarkLoad loads a Sonar file of LOAD_RECORDS records (200.000 when it is not set), and has
// DuckDB do the same by hand with as many threads as there are processors. The second reports how
// many times as long the first took.
func BenchmarkLoad(b *testing.B) {
	n := 200000
	if text := os.Getenv("LOAD_RECORDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	data := benchmarkFile(n)
	c := embeddedContract(b, "sonar")
	c.Limits.Quarantined = new(big.Rat)
	l := testLoader(b)
	d := landed(b, l, c.Name, data)
	var ours time.Duration
	b.Run("load", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			got, err := l.Load(b.Context(), c, d)
			if err != nil || !got.Accepted || got.Balance.Geladen != int64(n) || got.Balance.InQuarantaine != 0 {
				b.Fatalf("%+v, %v", got, err)
			}
		}
		ours = b.Elapsed() / time.Duration(b.N)
	})
	b.Run("by hand", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		out := filepath.Join(b.TempDir(), "out.parquet")
		for b.Loop() {
			db, err := duck.Open(b.Context(), duck.Settings{MemoryLimit: "500MB"})
			if err != nil {
				b.Fatal(err)
			}
			s, err := db.Session(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if err := errors.Join(s.Exec(b.Context(), byHand(c, d.Original(l.Data), out)), s.Close(), db.Close()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(ours)/float64(b.Elapsed()/time.Duration(b.N)), "load/by-hand")
	})
}
