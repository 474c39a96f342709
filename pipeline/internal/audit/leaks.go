package audit

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sources/contract"
	"inbeeld/sql/quote"
)

// leakCheck names the built-in check for BSNs in published files. It always blocks.
const leakCheck = "geen_bsn"

// A readable is a table that readers will have access to.
type readable struct {
	node *graph.Query
	from string // SELECT of its rows
}

// Leaks searches every text to be published for BSNs. It returns why publication is blocked if one belongs
// to a person in a delivery. core includes the core tables of the warehouse.
func Leaks(ctx context.Context, e *transform.Engine, dir string, files []mart.File, core bool) (blocks []string, err error) {
	var all []readable
	for _, f := range files {
		all = append(all, readable{e.Graph.ByName["marts."+f.Mart], "select * from read_parquet(" + quote.Literal(filepath.Join(dir, filepath.FromSlash(f.Path))) + ")"})
	}
	if core { // the warehouse holds the last stand of core
		for _, n := range e.Graph.Order {
			if n.Model.Schema == "core" {
				all = append(all, readable{n, e.LastRows(n)})
			}
		}
	}
	// The pseudonyms of possible BSNs, by table and column.
	places := map[[2]string][]string{}
	var mu sync.Mutex
	var tasks []*parallel.Task
	for _, p := range all {
		tasks = append(tasks, &parallel.Task{Name: p.node.Name, Run: func(ctx context.Context, worker int) error {
			rows, err := suspects(ctx, e.Session(worker), p)
			mu.Lock()
			defer mu.Unlock()
			for _, r := range rows {
				at := [2]string{p.node.Name, *r[0]}
				places[at] = append(places[at], strings.Fields(*r[1])...)
			}
			return err
		}})
	}
	if err := parallel.Run(ctx, e.Workers(), tasks); err != nil {
		return nil, fmt.Errorf("search the new version for BSNs: %w", err)
	}
	if len(places) == 0 {
		return nil, nil
	}
	known, err := knownPersons(ctx, e, slices.Concat(slices.Collect(maps.Values(places))...))
	if err != nil {
		return nil, fmt.Errorf("search the new version for BSNs: %w", err)
	}
	for _, at := range slices.SortedFunc(maps.Keys(places), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		if slices.ContainsFunc(places[at], func(pseudonym string) bool { return known[pseudonym] }) {
			f := leak(at[0], at[1], graph.LastOf(e.Stands(e.Graph.ByName[at[0]])))
			e.Run.Findings = append(e.Run.Findings, f)
			e.Run.Checks[f.Ernst]++
			blocks = append(blocks, blockText(f))
		}
	}
	return blocks, nil
}

// leak returns the finding of a BSN in a column.
func leak(table, column, peildatum string) ledger.Finding {
	return ledger.Finding{
		Check: table + "." + leakCheck, Group: column, Ernst: string(rule.Blokkerend), Peildatum: peildatum,
		Title: "BSN in een tabel", Text: fmt.Sprintf("In kolom %s van tabel %s staat een BSN van een persoon uit een levering. Daarom is niets gepubliceerd. "+
			"Vraag de leverancier om een levering zonder BSN in deze kolom, of haal de kolom uit het model.", column, table),
	}
}

// suspects returns the columns with texts that may contain a BSN, and their pseudonyms, in one scan. A cheap
// filter comes first, and each distinct text is examined once.
func suspects(ctx context.Context, s *duck.Session, p readable) ([][]*string, error) {
	var numbered, texts []string
	for _, c := range p.node.Columns {
		if c.Type == "VARCHAR" {
			name := quote.Ident(c.Name)
			numbered = append(numbered, "list(distinct "+name+") filter (where "+hasNumber(name)+") as "+name)
			texts = append(texts, "select "+quote.Literal(c.Name)+" as kolom, unnest("+name+") as tekst from teksten")
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	return s.Rows(ctx, "with teksten as materialized (select "+strings.Join(numbered, ", ")+" from ("+p.from+")), "+
		"gevonden as (select kolom, "+leakFunction+"(tekst) as personen from ("+strings.Join(texts, " union all ")+")) "+
		"select distinct kolom, personen from gevonden where personen <> ''")
}

// hasNumber is the SQL condition that a text contains eight digits or more and is not a pseudonym.
func hasNumber(text string) string {
	return "strlen(" + text + ") >= 8 and regexp_matches(" + text + ", '[0-9]([. ]?[0-9]){7}') and not regexp_full_match(" + text + ", '[0-9a-f]{32}')"
}

const leakFunction = "bsn_in_tekst"

// RegisterLeaks registers the SQL function that returns the pseudonyms of the BSNs in a text, separated by spaces.
func RegisterLeaks(ctx context.Context, s *duck.Session, key *pseudonym.Key) error {
	return s.RegisterText(ctx, leakFunction, func(text string) string { return strings.Join(key.InText(text), " ") })
}

// knownPersons returns which pseudonyms occur in a delivery that was ever loaded.
func knownPersons(ctx context.Context, e *transform.Engine, pseudonyms []string) (map[string]bool, error) {
	slices.Sort(pseudonyms)
	wanted := slices.Compact(pseudonyms)
	for i, p := range wanted {
		wanted[i] = quote.Literal(p)
	}
	known := map[string]bool{}
	for _, c := range e.Book.Project.Contracts {
		i := slices.IndexFunc(c.Columns, func(col contract.Column) bool { return col.Type == contract.BSN })
		if i < 0 {
			continue
		}
		var lakeFile []string
		for _, d := range e.Book.Deliveries {
			path := lake.Path(e.Path, d.Source, d.ID, ".parquet")
			if _, err := os.Stat(path); d.Source == c.Name && err == nil {
				lakeFile = append(lakeFile, quote.Literal(path))
			}
		}
		if len(lakeFile) == 0 {
			continue
		}
		person := quote.Ident(c.Columns[i].As)
		rows, err := e.Session(0).Rows(ctx, "select distinct "+person+" from read_parquet(["+strings.Join(lakeFile, ", ")+"], union_by_name = true) "+
			"where "+person+" in ("+strings.Join(wanted, ", ")+")")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			known[*r[0]] = true
		}
	}
	return known, nil
}
