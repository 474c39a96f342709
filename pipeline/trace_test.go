package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/sqlast"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// traceBound is a project that must have no faults.
func traceBound(t *testing.T, dir string) *graph.Graph {
	t.Helper()
	p, faults, err := project.Load(dir)
	if err := errors.Join(err, faults.Err()); err != nil {
		t.Fatal(err)
	}
	b, faults, err := graph.Bind(t.Context(), p)
	if err := errors.Join(err, faults.Err()); err != nil {
		t.Fatal(err)
	}
	return b
}

// traceShapes are models that each have another shape of query. Behind the columns stands what they
// come from, and behind "rows" what decides which rows there are.
var traceShapes = []struct{ name, query, want string }{
	{
		"vast", "select 1 as a, 'x' as b from raw.klanten",
		"a: ; b: ; rows: ",
	},
	{
		"peildatum", "select getvariable('peildatum')::date as a, naam as b from raw.klanten where getvariable('peildatum')::date > sinds",
		"a: peildatum; b: raw.klanten.naam; rows: peildatum, raw.klanten.sinds",
	},
	{
		"tellen", "select naam as a, count(*) as b, count(plaats) as c, count(*) filter (where jaren > 3) as d from raw.klanten group by naam",
		"a: raw.klanten.naam; b: raw.klanten.*; c: raw.klanten.plaats; d: raw.klanten.*, raw.klanten.jaren; rows: raw.klanten.naam",
	},
	{
		"voeg", "select k.naam as a, p.naam as b from raw.klanten as k left join ref.plaatsen as p on p.plaats = k.plaats",
		"a: raw.klanten.naam; b: ref.plaatsen.naam; rows: raw.klanten.plaats, ref.plaatsen.plaats",
	},
	{
		"ongelijk", "select k.naam as a from raw.klanten as k join raw.klanten as l on k.jaren < l.jaren + 1",
		"a: raw.klanten.naam; rows: raw.klanten.jaren",
	},
	{
		"bestaat", "select naam as a from raw.klanten as k where exists (select 1 from ref.plaatsen as p where p.plaats = k.plaats and p.naam = 'x')",
		"a: raw.klanten.naam; rows: raw.klanten.plaats, ref.plaatsen.naam, ref.plaatsen.plaats",
	},
	{
		"in_lijst", "select naam as a from raw.klanten where plaats in (select plaats from ref.plaatsen)",
		"a: raw.klanten.naam; rows: raw.klanten.plaats, ref.plaatsen.plaats",
	},
	{
		"in_waarden", "select naam as a from raw.klanten where plaats in ('a', 'b', 'c', 'd', 'e', 'f', 'g')",
		"a: raw.klanten.naam; rows: raw.klanten.plaats",
	},
	{
		"deelvraag", "select naam as a, (select max(p.naam) from ref.plaatsen as p where p.plaats = k.plaats) as b from raw.klanten as k",
		"a: raw.klanten.naam; b: ref.plaatsen.naam; rows: raw.klanten.plaats, ref.plaatsen.plaats",
	},
	{
		"half", "select k.naam as a from raw.klanten as k semi join ref.plaatsen as p on p.plaats = k.plaats",
		"a: raw.klanten.naam; rows: raw.klanten.plaats, ref.plaatsen.plaats",
	},
	{
		"samen", "select naam as a from raw.klanten union all select naam from ref.plaatsen",
		"a: raw.klanten.naam, ref.plaatsen.naam; rows: ",
	},
	{
		"zonder", "select naam as a from raw.klanten except select naam from ref.plaatsen",
		"a: raw.klanten.naam; rows: raw.klanten.naam, ref.plaatsen.naam",
	},
	{
		"venster", "select naam as a, lag(jaren) over (partition by plaats order by sinds) as b, row_number() over (order by sinds) as c from raw.klanten",
		"a: raw.klanten.naam; b: raw.klanten.jaren, raw.klanten.plaats, raw.klanten.sinds; c: raw.klanten.*, raw.klanten.sinds; rows: ",
	},
	{
		"eerste", "select naam as a from raw.klanten order by jaren, naam limit 3",
		"a: raw.klanten.naam; rows: raw.klanten.jaren, raw.klanten.naam",
	},
	{
		"uniek", "select distinct on (plaats) plaats as a, naam as b from raw.klanten order by plaats, jaren",
		"a: raw.klanten.plaats; b: raw.klanten.naam; rows: raw.klanten.jaren, raw.klanten.plaats",
	},
	{
		"vastgehouden", "with k as materialized (select naam, plaats from raw.klanten where jaren > 3) select k.naam as a, l.plaats as b from k join k as l on l.naam = k.naam",
		"a: raw.klanten.naam; b: raw.klanten.plaats; rows: raw.klanten.jaren, raw.klanten.naam",
	},
	{
		"terugkerend", "with recursive r as (select plaats, naam from ref.plaatsen union select r.plaats, k.naam from r join raw.klanten as k on k.plaats = r.naam) select plaats as a, naam as b from r",
		"a: ref.plaatsen.plaats; b: raw.klanten.naam, ref.plaatsen.naam; rows: raw.klanten.naam, raw.klanten.plaats, ref.plaatsen.naam",
	},
	{
		"uitgevouwen", "select naam as a, unnest([plaats, naam]) as b from raw.klanten",
		"a: raw.klanten.naam; b: raw.klanten.naam, raw.klanten.plaats; rows: ",
	},
	{
		"lijst", "select list_sum(list_transform([jaren, 1], x -> x + jaren)) as a from raw.klanten",
		"a: raw.klanten.jaren; rows: ",
	},
	{
		"waarden", "select v.a as a, k.naam as b from raw.klanten as k cross join (values (1, 'x'), (2, 'y')) as v (a, b)",
		"a: ; b: raw.klanten.naam; rows: ",
	},
	{
		"naast", "select k.naam as a from raw.klanten as k positional join ref.plaatsen as p",
		"whole: raw.klanten.naam, ref.plaatsen.*",
	},
}

func TestTraceShapes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nightWrite(t, filepath.Join(dir, project.ConfigFile), "standalone: true\n")
	nightWrite(t, filepath.Join(dir, "sources", "klanten.yaml"), `description: Klanten
supplier: winkel
owner: winkel
from: {dir: inbox/klanten}
match: 'klanten_(?P<peildatum>\d{8})\.csv'
delivery: snapshot
key: [naam]
columns:
  - {name: Naam, as: naam, type: text, required: true}
  - {name: Plaats, as: plaats, type: text}
  - {name: Sinds, as: sinds, type: date}
  - {name: Jaren, as: jaren, type: integer}
`)
	nightWrite(t, filepath.Join(dir, "sources", "reference", "plaatsen.csv"), "plaats;naam\nx;Ix\n")
	for _, s := range traceShapes {
		nightWrite(t, filepath.Join(dir, "sql", "core", s.name+".sql"),
			"-- description: vorm\n-- grain: [a]\n-- per: peildatum\n"+s.query+"\n")
	}
	b := traceBound(t, dir)
	names := make([]string, len(traceShapes))
	for i, s := range traceShapes {
		names[i] = "core." + s.name
	}
	lines, err := b.Lineages(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range traceShapes {
		line := lines["core."+s.name]
		var got []string
		for i, c := range b.ByName["core."+s.name].Columns {
			got = append(got, c.Name+": "+strings.Join(graph.ColumnTexts(line.Columns[i]), ", "))
		}
		got = append(got, "rows: "+strings.Join(graph.ColumnTexts(line.Rows), ", "))
		if line.Coarse {
			got = []string{"whole: " + strings.Join(graph.ColumnTexts(line.Columns[0]), ", ")}
		}
		if diff := cmp.Diff(s.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", s.name, s.query, diff)
		}
	}
}

// fixedColumns are those of the embedded marts whose values come from no column.
var fixedColumns = []string{"transparantie_regio.klant_van", "trechter.stap", "trechter.volgorde"}

func TestTraceEmbedded(t *testing.T) {
	t.Parallel()
	b := traceBound(t, "")
	names := make([]string, len(b.Order))
	for i, n := range b.Order {
		names[i] = n.Name
	}
	lines, err := b.Lineages(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("every column of a mart", func(t *testing.T) { traceEveryMartColumn(t, b, lines) })
	t.Run("some columns", func(t *testing.T) { traceColumns(t, b, lines) })
	t.Run("nothing is missed", func(t *testing.T) { traceMissesNothing(t, b, lines) })
	t.Run("what is not there", func(t *testing.T) { traceRefuses(t, b) })
}

// Every column of every mart is traced to a column of a delivery, reference table or meta table, but
// for the peildatum and what is fixed; no query of the embedded project is one that cannot be taken
// apart.
func traceEveryMartColumn(t *testing.T, b *graph.Graph, lines map[string]sqlast.Lineage) {
	var fixed []string
	traced := 0
	for _, n := range b.Order {
		if lines[n.Name].Coarse {
			t.Errorf("%s cannot be taken apart", n.Name)
		}
		if n.Model.Schema != "marts" {
			continue
		}
		for _, c := range n.Columns {
			trace := b.TraceColumn(lines, n, c.Name)
			traced++
			switch {
			case len(trace.From) > 0:
			case slices.Contains(trace.Steps[len(trace.Steps)-1].From, sqlast.Peildatum):
				if c.Name != "peildatum" {
					t.Errorf("%s comes from the peildatum alone", trace.Column)
				}
			default:
				fixed = append(fixed, n.Model.Name+"."+c.Name)
			}
		}
	}
	if diff := cmp.Diff(fixedColumns, fixed); diff != "" {
		t.Errorf("columns without origin (-want +got):\n%s", diff)
	}
	if traced < 60 {
		t.Errorf("%d columns were traced", traced)
	}
}

func traceColumns(t *testing.T, b *graph.Graph, lines map[string]sqlast.Lineage) {
	for column, want := range map[string]string{
		"transparantie_klantprofielen.met_profiel": "raw.sonar.heeft_klantprofiel [IndKlantprofiel], rows of raw.sonar",
		"transparantie_klantprofielen.zichtbaar":   "raw.sonar.is_zichtbaar [IndZichtbaar], rows of raw.sonar",
		"transparantie_klantprofielen.totaal":      "rows of raw.sonar",
		"transparantie_klantprofielen.gemeente":    "ref.gemeenten.gemeente",
		"doelgroep_stand.personen":                 "rows of raw.doelgroepregister",
		"doelgroep_stand.categorie":                "raw.doelgroepregister.grondslag [CdGrondslag], ref.grondslagen.groep",
		"plaatsingen_stand.banen":                  "raw.plaatsingen.soort_dienstverband [SoortDienstverband], raw.plaatsingen.uren_per_week [AantContracturenPerWeek]",
		"plaatsingen_stand.personen":               "raw.plaatsingen.persoon_id [Burgerservicenr]",
		"dim_gemeente.uitvoeringsdienst":           "ref.gemeenten.in_regio, ref.gemeenten.uitvoeringsdienst",
		"dim_peildatum.bronnen":                    "meta.peildata.bron",
		"kwaliteit_leveringen.geladen":             "meta.leveringen.geladen",
		"kwaliteit_bevindingen.ernst":              "meta.bevindingen.ernst",
		"marts.plaatsingen.verloonde_uren_maand":   "raw.plaatsingen.verloonde_uren_maand [AantVerloondeUrenMaand]",
		"core.doelgroep_in_beeld.is_geplaatst":     "raw.plaatsingen.persoon_id [Burgerservicenr]",
		"staging.sonar.is_zichtbaar":               "raw.sonar.is_zichtbaar [IndZichtbaar]",
		"core.klanten.is_vindbaar":                 "raw.sonar.bemiddelingsberoep [Bemiddelingsberoep], raw.sonar.heeft_klantprofiel [IndKlantprofiel], raw.sonar.max_reisafstand_km [MaxReisafstandKm], raw.sonar.opleidingsniveau [CdOpleidingsniveau], raw.sonar.sector [Sector], raw.sonar.uren_beschikbaar [AantUrenBeschikbaar]",
		"trechter.personen": "raw.plaatsingen.persoon_id [Burgerservicenr], raw.sonar.heeft_klantprofiel [IndKlantprofiel], " +
			"raw.sonar.is_werkfit [IndWerkfit], raw.sonar.is_zichtbaar [IndZichtbaar], raw.sonar.persoon_id [Burgerservicenr], rows of raw.doelgroepregister",
	} {
		n, name, err := inspect.Find(b, column)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, end := range b.TraceColumn(lines, n, name).From {
			got = append(got, end.Text())
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", column, diff)
		}
	}
	trace, err := inspect.TraceTable(t.Context(), b, inspect.TraceOptions{Of: "plaatsingen_stand.banen", Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"raw.plaatsingen.begindatum", "raw.plaatsingen.einddatum", "raw.plaatsingen.gemeente_bron", "ref.gemeente_aliassen.alias"} {
		if !slices.ContainsFunc(trace.Column.Rows, func(c graph.SourceColumn) bool { return c.Column == column }) {
			t.Errorf("%s decides which placements count, but is not among %v", column, trace.Column.Rows)
		}
	}
}

// What DuckDB's optimised plan of one column still reads is what the trace says the column and its
// rows come from, or less.
func traceMissesNothing(t *testing.T, b *graph.Graph, lines map[string]sqlast.Lineage) {
	db, err := duck.Open(t.Context(), duck.Settings{Closed: true, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	session, err := db.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	if err := (&graph.Binder{Graph: b, Session: session}).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range b.Order {
		if err := session.Exec(t.Context(), graph.CreateTable(n.Model.Schema, n.Model.Name, n.Columns)); err != nil {
			t.Fatal(err)
		}
	}
	looked := 0
	for _, n := range b.Order {
		if n.Model.Schema != "marts" {
			continue
		}
		for i, c := range n.Columns {
			text := "select " + quote.Ident(c.Name) + " from (" + n.Text + ")"
			row, err := session.Row(t.Context(), "select json_serialize_plan("+quote.Literal(text)+"::varchar, optimize := true)::varchar")
			if err != nil {
				t.Fatal(err)
			}
			known := map[string]bool{}
			origins := slices.Concat(lines[n.Name].Columns[i], lines[n.Name].Rows)
			if strings.Contains(n.Text, " over (") { // the optimiser keeps what it is over for other columns too
				origins = slices.Concat(append(lines[n.Name].Columns, origins)...)
			}
			for _, o := range origins {
				known[graph.ColumnText(o)] = true
			}
			for _, scanned := range tracedScans(t, *row[0]) {
				looked++
				if !known[scanned] {
					t.Errorf("%s.%s: the plan reads %s, the trace says %v", n.Name, c.Name, scanned, known)
				}
			}
		}
	}
	if looked < 200 {
		t.Errorf("%d scanned columns were compared", looked)
	}
}

// tracedScans are the columns of tables that a plan reads.
func tracedScans(t *testing.T, plan string) []string {
	t.Helper()
	var top any
	if err := json.Unmarshal([]byte(plan), &top); err != nil {
		t.Fatal(err)
	}
	var scans []string
	var walk func(any)
	walk = func(node any) {
		switch n := node.(type) {
		case []any:
			for _, child := range n {
				walk(child)
			}
		case map[string]any:
			if data, ok := n["function_data"].(map[string]any); ok && n["type"] == "LOGICAL_GET" {
				names, _ := n["names"].([]any)
				ids, _ := n["column_ids"].([]any)
				for _, id := range ids {
					if at, ok := id.(float64); ok && at < float64(len(names)) {
						scans = append(scans, fmt.Sprintf("%v.%v.%v", data["schema"], data["table"], names[int(at)]))
					}
				}
			}
			for _, child := range n {
				walk(child)
			}
		}
	}
	walk(top)
	return scans
}

func traceRefuses(t *testing.T, b *graph.Graph) {
	for of, want := range map[string]string{
		"trechtr":                    `there is no table marts.trechtr; did you mean "trechter"?`,
		"core.klant":                 `there is no table core.klant; known: banen, bijdragen, clienten, doelgroep, doelgroep_in_beeld, klanten, klanten_en_register, plaatsingen, realisatie, registraties`,
		"trechter.persoon":           `marts.trechter has no column "persoon"; did you mean "personen"?`,
		"marts.trechter.personen.x":  `"marts.trechter.personen.x" is not a mart or column; write mart or mart.column`,
		"trechter.":                  `"trechter." is not a mart or column; write mart or mart.column`,
		"":                           `"" is not a mart or column; write mart or mart.column`,
		"iets_heel_anders_dan_alles": "there is no table marts.iets_heel_anders_dan_alles; see: inbeeld docs",
	} {
		_, err := inspect.TraceTable(t.Context(), b, inspect.TraceOptions{Of: of, Data: t.TempDir()})
		var misuse *usage.Error
		if !errors.As(err, &misuse) {
			t.Errorf("%q: %v", of, err)
			continue
		}
		if misuse.Message != want {
			t.Errorf("%q: %q, want %q", of, misuse.Message, want)
		}
	}
}

// A published nightCase: each stand names the deliveries that were in force on its peildatum, the corrected
// and not the refused ones, also while another run holds the directory.
func TestTraceDeliveries(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, map[string]string{
		"project/sql/marts/verloop.sql": "-- description: Verloop.\n-- grain: [peildatum]\n-- per: peildatum\n-- columns:\n--   peildatum: Datum.\n--   verschil: Verschil.\n" +
			"select getvariable('peildatum')::date as peildatum, (select count(*) from staging.personen) - (select count(*) from staging.personen__vorige) as verschil\n",
		"project/sql/marts/laatste.sql": "-- description: Laatste.\n-- grain: [persoon_id]\n-- per: laatste\n-- columns:\n--   persoon_id: Persoon.\nselect persoon_id from core.werkenden\n",
		"project/sql/marts/dagen.sql":   "-- description: Dagen.\n-- grain: [n]\n-- columns:\n--   n: Aantal.\nselect count(*) as n from marts.laatste\n",
	}))
	b := traceBound(t, n.project)
	trace, err := inspect.TraceTable(t.Context(), b, inspect.TraceOptions{Of: "werk", Data: n.data})
	if err != nil || trace.Version != "" || len(trace.Deliveries) != 0 || len(trace.Models) != 3 {
		t.Fatalf("before any run: %+v, %v", trace, err)
	}
	n.first(t)
	n.publishes(t)
	n.second(t)
	result := n.publishes(t)
	release, err := ledger.Lock(n.path(".lock"), ledger.Holder{PID: 1, Host: "elders", What: "inbeeld run", Since: nightClock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release() })
	for _, c := range []struct{ of, peildatum, on, want string }{
		{"werk", "", "2021-03-31", "banen_20210331.csv personen_20210331.csv"},
		{"werk.uren", "2020-12-31", "2020-12-31", "banen_20201231.csv personen_20201231.csv"},
		{"werk", "2020-09-30", "2020-09-30", "banen_20200930.csv personen_20200930_correctie.csv"},
		{"verloop", "", "2021-03-31", "personen_20201231.csv personen_20210331.csv"},
		{"verloop", "2020-09-30", "2020-09-30", "personen_20200930_correctie.csv"},
		{"laatste", "", "2021-03-31", "banen_20210331.csv personen_20210331.csv"},
		{"dagen", "", "", "banen_20210331.csv personen_20210331.csv"},
		{"personen", "", "", "personen_20200930_correctie.csv personen_20201231.csv personen_20210331.csv"},
		{"core.werkenden", "", "2021-03-31", "banen_20210331.csv personen_20210331.csv"},
		{"leveringen", "", "", "banen_20200930.csv banen_20201231.csv banen_20210331.csv personen_20200930_correctie.csv personen_20201231.csv personen_20210331.csv"},
	} {
		trace, err := inspect.TraceTable(t.Context(), b, inspect.TraceOptions{Of: c.of, Data: n.data, Peildatum: c.peildatum})
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, d := range trace.Deliveries {
			files = append(files, d.File)
		}
		if got := strings.Join(files, " "); got != c.want || trace.Peildatum != c.on || trace.Version != filepath.Base(result.Version) {
			t.Errorf("%s on %q: %s on %q in %s, want %s on %q", c.of, c.peildatum, got, trace.Peildatum, trace.Version, c.want, c.on)
		}
	}
	trace, err = inspect.TraceTable(t.Context(), b, inspect.TraceOptions{Of: "werk", Data: n.data, Peildatum: "2020-09-30"})
	if err != nil {
		t.Fatal(err)
	}
	landed, err := delivery.ReadDeliveries(n.data)
	if err != nil {
		t.Fatal(err)
	}
	correction := slices.IndexFunc(landed, func(d delivery.Delivery) bool { return d.Newest().File == "personen_20200930_correctie.csv" })
	want := inspect.TracedDelivery{
		Source: "personen", Peildatum: "2020-09-30", File: "personen_20200930_correctie.csv", SHA256: landed[correction].SHA256,
		Received: nightClock.Add(-500 * time.Minute), Records: 24, Loaded: 23,
	}
	if diff := cmp.Diff(want, trace.Deliveries[1]); diff != "" {
		t.Errorf("the correction (-want +got):\n%s", diff)
	}
	for of, want := range map[string]string{
		"werk 2020-10-01":    "marts.werk has no stand on 2020-10-01; the last ones are 2020-09-30, 2020-12-31, 2021-03-31",
		"dagen 2020-12-31":   "marts.dagen has no stand per peildatum; leave out --peildatum",
		"werk 31-12-2020":    "marts.werk has no stand on 31-12-2020; the last ones are 2020-09-30, 2020-12-31, 2021-03-31",
		"laatste 2020-12-31": "marts.laatste has no stand on 2020-12-31; the last ones are 2021-03-31",
	} {
		name, on, _ := strings.Cut(of, " ")
		_, err := inspect.TraceTable(t.Context(), b, inspect.TraceOptions{Of: name, Data: n.data, Peildatum: on})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", of, err, want)
		}
	}
}
