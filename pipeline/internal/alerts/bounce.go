package alerts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/report"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// reportName returns the file name of the bounce report of a delivery.
func reportName(d delivery.Delivery) string { return d.Source + "-" + d.ID + ".xlsx" }

// reports writes the bounce reports that messages attach, and removes those that no waiting message needs.
func (t *Composer) reports(ctx context.Context, messages []notify.Message) error {
	dir := box(t.Path).Reports()
	all, err := box(t.Path).Messages()
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, m := range slices.Concat(all, messages) {
		for _, name := range m.Attachments {
			wanted[name] = wanted[name] || slices.ContainsFunc(m.Targets, func(target notify.Target) bool { return target.State == notify.Waiting })
		}
	}
	for _, d := range t.InScope() {
		if !wanted[reportName(d)] {
			continue
		}
		if err := t.report(ctx, dir, d); err != nil {
			// A message without its report is better than none.
			t.Note("het overzicht van %s kon niet worden gemaakt: %v", d.ID, err)
			for i := range messages {
				messages[i].Attachments = slices.DeleteFunc(messages[i].Attachments, func(name string) bool { return name == reportName(d) })
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep reports: %w", err)
	}
	for _, e := range entries {
		if !wanted[e.Name()] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("sweep reports: %w", err)
			}
		}
	}
	return nil
}

// report writes the report of one delivery unless it exists.
func (t *Composer) report(ctx context.Context, dir string, d delivery.Delivery) error {
	path := filepath.Join(dir, reportName(d))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	b, err := t.bounce(ctx, d)
	if err != nil {
		return fmt.Errorf("report about %s/%s: %w", d.Source, d.ID, err)
	}
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("report about %s/%s: %w", d.Source, d.ID, err)
	}
	return durable.WriteFile(path, text.Bytes(), 0o600)
}

func (t *Composer) bounce(ctx context.Context, d delivery.Delivery) (report.Bounce, error) {
	load := t.Loads[lake.Key(d.Source, d.ID)]
	s, _ := t.State().Standing(d.Source, d.ID)
	b := report.Bounce{
		Source: d.Source, File: pseudonym.Mask(d.Newest().File), Peildatum: dutch.Date(d.Peildatum), Status: string(s.Status), Reasons: s.Reasons,
		Records: load.Balance.Records, Geladen: load.Balance.Geladen, InQuarantaine: load.Balance.InQuarantaine, NietData: load.Balance.NietData,
	}
	if c := t.Project.Contract(d.Source); c != nil {
		b.Supplier = c.Supplier
	}
	settings := duck.Settings{MemoryLimit: "256MB", Threads: 1, TempDir: filepath.Join(t.Work, "report")}
	from := "read_parquet(" + quote.Literal(lake.QuarantinePath(t.Path, d.Source, d.ID)) + ")"
	return b, duck.With(ctx, settings, func(session *duck.Session) error {
		rows, err := session.Rows(ctx, "select coalesce(kolom, ''), reden, count(*)::varchar from "+from+" group by all order by count(*) desc, 1, 2")
		if err != nil {
			return err
		}
		for _, row := range rows {
			n := duck.Number(row[2])
			b.Faulty += n
			b.Counts = append(b.Counts, report.Count{Column: pseudonym.HideBSN(*row[0]), Reason: *row[1], N: n})
		}
		rows, err = session.Rows(ctx, fmt.Sprintf("select regel::varchar, coalesce(kolom, ''), reden, coalesce(waarde, '') from %s order by all limit %d", from, report.MaxFaults))
		for _, row := range rows {
			b.Faults = append(b.Faults, report.Fault{Line: duck.Number(row[0]), Column: pseudonym.HideBSN(*row[1]), Reason: *row[2], Value: pseudonym.HideBSN(*row[3])})
		}
		return err
	})
}
