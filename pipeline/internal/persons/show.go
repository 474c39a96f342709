package persons

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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

// A Request asks for everything that is stored about one person.
type Request struct {
	// Out is the file to write, outside the data directory. It must not exist; only its owner can read it.
	Out    string
	JSON   bool   // instead of HTML
	Reason string // for the processing log
	// BSN asks for the person's BSN, once everything else is in order.
	BSN func() (string, error)
}

// Show writes everything that is stored about a person to a file. It searches and reports the same whether or
// not the person is known; only the file differs. It takes no lock.
func Show(ctx context.Context, o intake.Scope, q Request) error {
	if err := datadir.CheckPurpose(q.Reason, o.Who); err != nil {
		return err
	}
	if err := datadir.CheckOutput(o.Path, q.Out); err != nil {
		return err
	}
	b, err := o.Open()
	if err != nil {
		return err
	}
	if b.Key, err = intake.PlanKey(o.Dir, b.Loads); err != nil {
		return err
	}
	text, err := q.BSN()
	if err != nil {
		return err
	}
	digits, status := pseudonym.Normalise(strings.TrimSpace(text))
	if !status.IsBSN() {
		return usage.Errorf("this is not a BSN: a BSN has nine digits and passes the elfproef")
	}
	var person report.Person
	var files int64
	if err := duck.With(ctx, duck.Settings{MemoryLimit: b.MemoryLimit}, func(s *duck.Session) (err error) {
		person, files, err = collect(ctx, b, s, digits)
		return err
	}); err != nil {
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

// collect searches every original for a BSN, and every lake file and person-level mart for its pseudonym. It
// also returns the number of files searched.
func collect(ctx context.Context, b *intake.Book, s *duck.Session, bsn pseudonym.BSN) (p report.Person, searched int64, err error) {
	id := b.Key.Pseudonym(bsn)
	p = report.Person{
		Title: b.Project.Config.Title, Description: b.Project.Config.Description, Made: b.Now().Format(time.DateOnly),
		RetainLanding: cmp.Or(b.Retain.Landing, intake.RetainLanding), RetainLake: b.Retain.Lake, Sources: []report.PersonSource{}, Files: []report.PersonDelivery{}, Tables: []report.PersonTable{},
	}
	for _, d := range b.Deliveries {
		row := personDelivery(b, d)
		if row.Until == "" {
			continue
		}
		searched++
		found, err := containsBSN(ctx, b, d, bsn)
		if err != nil {
			return p, 0, err
		}
		if found {
			p.Files = append(p.Files, row)
		}
	}
	files, err := filepath.Glob(filepath.Join(duck.GlobQuote(b.Path), "lake", "*", "*.parquet"))
	if err != nil {
		return p, 0, err
	}
	for _, path := range files {
		if err := personInLake(ctx, b, s, path, id, &p); err != nil {
			return p, 0, err
		}
	}
	for i := range p.Sources {
		slices.SortStableFunc(p.Sources[i].Deliveries, func(x, y report.PersonDelivery) int { return cmp.Compare(x.Peildatum, y.Peildatum) })
	}
	tables, err := personInMarts(ctx, mart.Store{Dir: filepath.Join(b.Path, "marts")}, s, id, &p)
	return p, searched + int64(len(files)) + tables, err
}

// personDelivery describes a delivery to the person.
func personDelivery(b *intake.Book, d delivery.Delivery) report.PersonDelivery {
	n := d.Newest()
	row := report.PersonDelivery{
		Source: d.Source, Delivery: d.ID, File: pseudonym.Mask(n.File), Peildatum: d.Peildatum, Received: n.Landed.Format(time.DateOnly), Status: "nog niet ingelezen",
	}
	if s, ok := b.State().Standing(d.Source, d.ID); ok && b.Loads[lake.Key(d.Source, d.ID)] != nil {
		row.Status = string(s.Status)
	}
	if _, err := os.Stat(d.Original(b.Path)); err == nil {
		row.Until = n.Landed.AddDate(0, 0, cmp.Or(b.Retain.Landing, intake.RetainLanding)).Format(time.DateOnly)
	}
	return row
}

// personInLake adds the person's rows in one lake file, and its source if that is new.
func personInLake(ctx context.Context, b *intake.Book, s *duck.Session, path, id string, p *report.Person) error {
	name := filepath.Base(filepath.Dir(path))
	received := strings.TrimSuffix(filepath.Base(path), ".parquet")
	c := b.Project.Contract(name)
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
	if i := slices.IndexFunc(b.Deliveries, func(d delivery.Delivery) bool { return d.Source == name && d.ID == received }); i >= 0 {
		row = personDelivery(b, b.Deliveries[i])
	}
	row.Rows = rows
	p.Sources[i].Deliveries = append(p.Sources[i].Deliveries, row)
	return nil
}

// personInMarts adds the person's rows in the published person-level marts. It also returns the number of
// these marts.
func personInMarts(ctx context.Context, store mart.Store, s *duck.Session, id string, p *report.Person) (tables int64, err error) {
	version, m, err := store.Current()
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
		rows, err := personRows(ctx, s, filepath.Join(store.Dir, "versions", version, filepath.FromSlash(f.Path)), id, func(name string) (string, string) {
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

// personRows returns the rows of a Parquet file in which a text column is the id, without that column and
// technical ones. describe returns the name and description of a column.
func personRows(ctx context.Context, s *duck.Session, path, id string, describe func(string) (string, string)) ([]report.PersonRow, error) {
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
				row.Line = duck.Text(cells[i])
			default:
				name, description := describe(c.Name)
				row.Values = append(row.Values, report.PersonValue{Name: name, Description: description, Type: c.Type, Value: cells[i]})
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
