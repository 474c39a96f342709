package persons

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/report"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// A PersonRequest asks for what is stored about one person.
type Request struct {
	// Out is a new file, outside the data directory, that only its owner may read: a page, or JSON.
	Out    string
	JSON   bool
	Reason string // goes into the processing log
	// BSN asks for the number of the person, when all else is in order.
	BSN func() (string, error)
}

// ShowPerson writes everything that is stored about a person to a file. It searches the same and says
// the same whether the person is known or not: only the file tells. It takes no lock.
func Show(ctx context.Context, o intake.Scope, q Request) error {
	if err := datadir.CheckPurpose(q.Reason, o.Who); err != nil {
		return err
	}
	if err := datadir.CheckOutput(o.Path, q.Out); err != nil {
		return err
	}
	r, err := o.Open()
	if err != nil {
		return err
	}
	if r.Key, err = intake.PlanKey(o.Dir, r.Loads); err != nil {
		return err
	}
	text, err := q.BSN()
	if err != nil {
		return err
	}
	digits, status := pseudonym.Normalise(strings.TrimSpace(text))
	if !status.IsBSN() {
		return usage.Errorf("this is no BSN: it has nine digits, and passes the elfproef")
	}
	person, files, err := collect(ctx, r, digits)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if q.JSON {
		encoder := json.NewEncoder(&page)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(person)
	} else {
		err = person.HTML(&page)
	}
	if err != nil {
		return err
	}
	if err := datadir.Record(o.Dir, "persoon show", q.Reason, map[string]int64{"files searched": files}); err != nil {
		return err
	}
	return datadir.WriteNew(q.Out, page.Bytes())
}

// person looks for a BSN in every original, and for its pseudonym in every file of the lake and every
// published table with persons, and tells how many these are.
func collect(ctx context.Context, r *intake.Book, bsn pseudonym.BSN) (p report.Person, searched int64, err error) {
	id := r.Key.Pseudonym(bsn)
	p = report.Person{
		Title: r.Project.Config.Title, Description: r.Project.Config.Description, Made: r.Now().Format(time.DateOnly),
		RetainLanding: cmp.Or(r.Retain.Landing, intake.RetainLanding), RetainLake: r.Retain.Lake, Sources: []report.PersonSource{}, Files: []report.PersonDelivery{}, Tables: []report.PersonTable{},
	}
	db, err := duck.Open(ctx, duck.Settings{MemoryLimit: r.MemoryLimit})
	if err != nil {
		return p, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := db.Session(ctx)
	if err != nil {
		return p, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, d := range r.Deliveries {
		row := personDelivery(r, d)
		if row.Until == "" {
			continue
		}
		searched++
		found := true // without a contract nobody can tell
		if c := r.Project.Contract(d.Source); c != nil {
			if found, err = containsBSN(r, ctx, c, d, bsn); err != nil {
				return p, 0, fmt.Errorf("look through the original of %s/%s: %w", d.Source, d.ID, err)
			}
		}
		if found {
			p.Files = append(p.Files, row)
		}
	}
	lake, err := filepath.Glob(filepath.Join(duck.GlobQuote(r.Path), "lake", "*", "*.parquet"))
	if err != nil {
		return p, 0, err
	}
	for _, path := range lake {
		if err := personInLake(r, ctx, s, path, id, &p); err != nil {
			return p, 0, err
		}
	}
	for i := range p.Sources {
		slices.SortStableFunc(p.Sources[i].Deliveries, func(a, b report.PersonDelivery) int { return cmp.Compare(a.Peildatum, b.Peildatum) })
	}
	tables, err := personInMarts(ctx, mart.Store{Dir: filepath.Join(r.Path, "marts")}, s, id, &p)
	return p, searched + int64(len(lake)) + tables, err
}

// personDelivery says of a delivery what a person may know.
func personDelivery(r *intake.Book, d delivery.Delivery) report.PersonDelivery {
	n := d.Newest()
	row := report.PersonDelivery{
		Source: d.Source, Delivery: d.ID, File: pseudonym.Mask(n.File), Peildatum: d.Peildatum, Received: n.Landed.Format(time.DateOnly), Status: "nog niet ingelezen",
	}
	if s, ok := r.State().Standing(d.Source, d.ID); ok && r.Loads[lake.Key(d.Source, d.ID)] != nil {
		row.Status = string(s.Status)
	}
	if _, err := os.Stat(d.Original(r.Path)); err == nil {
		row.Until = n.Landed.AddDate(0, 0, cmp.Or(r.Retain.Landing, intake.RetainLanding)).Format(time.DateOnly)
	}
	return row
}

// personInLake adds the rows of one file of the lake, and its source when it is the first of it.
func personInLake(r *intake.Book, ctx context.Context, s *duck.Session, path, id string, p *report.Person) error {
	name := filepath.Base(filepath.Dir(path))
	received := strings.TrimSuffix(filepath.Base(path), ".parquet")
	c := r.Project.Contract(name)
	i := slices.IndexFunc(p.Sources, func(s report.PersonSource) bool { return s.Source == name })
	if i < 0 {
		source := report.PersonSource{Source: name, Deliveries: []report.PersonDelivery{}}
		if c != nil {
			source.Description, source.Supplier = c.Description, c.Supplier
		}
		i, p.Sources = len(p.Sources), append(p.Sources, source)
	}
	rows, err := personRows(ctx, s, path, id, func(as string) (string, string) {
		if c != nil {
			if column, ok := c.Column(as); ok {
				return column.Name, column.Description
			}
		}
		return as, ""
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	row := report.PersonDelivery{Source: name, Delivery: received, File: received, Status: "niet bekend van welk bestand"}
	if len(received) > len(time.DateOnly) {
		row.Peildatum = received[:len(time.DateOnly)]
	}
	if i := slices.IndexFunc(r.Deliveries, func(d delivery.Delivery) bool { return d.Source == name && d.ID == received }); i >= 0 {
		row = personDelivery(r, r.Deliveries[i])
	}
	row.Rows = rows
	p.Sources[i].Deliveries = append(p.Sources[i].Deliveries, row)
	return nil
}

// personInMarts adds the published tables with persons, and tells how many there are.
func personInMarts(ctx context.Context, r mart.Store, s *duck.Session, id string, p *report.Person) (tables int64, err error) {
	version, m, err := r.Current()
	if err != nil || m == nil {
		return 0, err
	}
	for _, f := range m.Files {
		if !f.Intern {
			continue
		}
		described := map[string]mart.Column{}
		for _, column := range f.Columns {
			described[column.Name] = column
		}
		rows, err := personRows(ctx, s, filepath.Join(r.Dir, "versions", version, filepath.FromSlash(f.Path)), id, func(name string) (string, string) {
			return name, described[name].Description
		})
		if err != nil {
			return tables, err
		}
		tables++
		p.Tables = append(p.Tables, report.PersonTable{Name: f.Mart, Description: f.Description, Rows: rows})
	}
	return tables, nil
}

// personRows are the rows of a Parquet file in which a column of text is the pseudonym, without that
// column and those that only the load needs. called gives the name and meaning of a column.
func personRows(ctx context.Context, s *duck.Session, path, id string, called func(string) (string, string)) ([]report.PersonRow, error) {
	from := "read_parquet(" + quote.Literal(path) + ")"
	columns, err := s.Describe(ctx, "select * from "+from)
	if err != nil {
		return nil, err
	}
	var texts, list []string
	for _, c := range columns {
		list = append(list, quote.Ident(c.Name)+"::varchar")
		if c.Type == "VARCHAR" {
			texts = append(texts, quote.Ident(c.Name)+" = "+quote.Literal(id))
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	found, err := s.Rows(ctx, "select "+strings.Join(list, ", ")+" from (select * from "+from+" where "+strings.Join(texts, " or ")+" order by all)")
	if err != nil {
		return nil, err
	}
	var rows []report.PersonRow
	for _, cells := range found {
		row := report.PersonRow{}
		for i, c := range columns {
			switch {
			case strings.HasPrefix(c.Name, "_") || cells[i] != nil && *cells[i] == id:
			case c.Name == "regel":
				row.Line = audit.Decimal(cells[i])
			default:
				name, description := called(c.Name)
				row.Values = append(row.Values, report.PersonValue{Name: name, Description: description, Type: c.Type, Value: cells[i]})
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
