package transform

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/sql/quote"
)

// A worker runs one step at a time in its catalog, so that concurrent steps each have their views of
// one peildatum.
type worker struct {
	resolver *Resolver
	session  *duck.Session
	verified *verifiedFiles
}

// verifiedFiles records the stored files whose checksum was correct in this run.
type verifiedFiles struct{ paths sync.Map }

// check verifies the files that were not verified before.
func (t *verifiedFiles) check(paths []string) error {
	for _, path := range paths {
		if _, known := t.paths.Load(path); known {
			continue
		}
		if err := Verify(path); err != nil {
			return err
		}
		t.add(path)
	}
	return nil
}

func (t *verifiedFiles) add(path string) { t.paths.Store(path, true) }

// newWorker creates the catalog with its schemas and the tables that all steps share.
func newWorker(ctx context.Context, db *duck.Instance, r *Resolver, number int, verified *verifiedFiles) (*worker, error) {
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	catalog := fmt.Sprintf("werker%d", number)
	statements := []string{"attach ':memory:' as " + catalog, "use " + catalog}
	for _, schema := range r.Bound.Schemas() {
		statements = append(statements, "create schema if not exists "+quote.Ident(schema))
	}
	for _, reference := range r.Bound.References {
		statements = append(statements, "create view "+quote.Table("ref", reference.Name)+" as select * from memory."+quote.Table("ref", reference.Name))
	}
	for name := range graph.MetaTables {
		statements = append(statements, "create view "+quote.Table("meta", name)+" as select * from memory."+quote.Table("meta", name))
	}
	if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return nil, fmt.Errorf("prepare a catalog for the models: %w", err)
	}
	return &worker{resolver: r, session: session, verified: verified}, nil
}

// createViews verifies what a step reads and creates the views through which it reads.
func (w *worker) createViews(ctx context.Context, s *Step) error {
	var statements []string
	if s.Peildatum != "" {
		statements = append(statements, "set variable peildatum = date "+quote.Literal(s.Peildatum))
	}
	for _, r := range s.reads {
		if err := w.verified.check(files(r.parts)); err != nil {
			return err
		}
		if from := w.resolver.From(r); from != "" {
			statements = append(statements, "create or replace view "+quote.Table(r.Schema, r.Table)+" as "+from)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return w.session.Exec(ctx, strings.Join(statements, ";\n"))
}

// run computes the result of a step in the scratch directory and stores it.
func (w *worker) run(ctx context.Context, s *Step, scratch string) error {
	if err := w.compute(ctx, s, scratch); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

func (w *worker) compute(ctx context.Context, s *Step, scratch string) error {
	if err := w.createViews(ctx, s); err != nil {
		return err
	}
	tmp := filepath.Join(scratch, s.Node.Name+"."+s.fingerprint[:short]+".tmp")
	text := s.Node.Text
	if s.Node.Check != nil {
		var err error
		if text, err = w.judge(ctx, s); err != nil {
			return err
		}
	}
	stamp := "null::date"
	if s.Peildatum != "" {
		stamp = "date " + quote.Literal(s.Peildatum)
	}
	query := "select *, " + stamp + " as " + quote.Ident(peildatumColumn) + " from (" + text + ")"
	if err := w.session.Exec(ctx, duck.CopyStatement(query, tmp, map[string]string{"inbeeld.fingerprint": s.fingerprint})); err != nil {
		return err
	}
	path, err := w.resolver.Store(s.Node).put(tmp, s.fingerprint[:short])
	if err != nil {
		return err
	}
	w.verified.add(path)
	s.At = location{path: path}
	return nil
}

// bundle writes the results of a closed year to one file and returns the paths of it and its list.
func (w *worker) bundle(ctx context.Context, n *graph.Query, dates []string, scratch string) (paths []string, err error) {
	digest := w.resolver.yearFingerprint(n, dates)
	key := bundleKey(dates[0][:4], digest)
	var parts []Part
	for _, p := range dates {
		parts = append(parts, Part{Step: w.resolver.step(n, p)})
	}
	if err := w.verified.check(files(parts)); err != nil {
		return nil, err
	}
	columns := append(slices.Clone(n.Columns), duck.Column{Name: peildatumColumn, Type: "DATE"})
	tmp := filepath.Join(scratch, n.Name+"."+key+".tmp")
	if err := w.session.Exec(ctx, duck.CopyStatement(Union(parts, columns)+" order by "+quote.Ident(peildatumColumn), tmp, map[string]string{"inbeeld.fingerprint": digest})); err != nil {
		return nil, err
	}
	if err := w.resolver.writeList(n, dates); err != nil {
		return nil, err
	}
	store := w.resolver.Store(n)
	path, err := store.put(tmp, key)
	return []string{path, bundleListPath(store.Dir, key)}, err
}

// writeList writes the list beside a bundle.
func (r *Resolver) writeList(n *graph.Query, dates []string) error {
	content, key := bundleContent{Fingerprints: map[string]string{}}, bundleKey(dates[0][:4], r.yearFingerprint(n, dates))
	for _, p := range dates {
		content.Fingerprints[p] = r.Fingerprint(n, p)
	}
	content.Sum = content.sum(key)
	return durable.WriteJSON(bundleListPath(r.Store(n).Dir, key), content)
}

// judge runs the query of a check step and returns a SELECT of its verdicts.
func (w *worker) judge(ctx context.Context, s *Step) (string, error) {
	verdicts, err := Verdicts(ctx, s.Node.Check, w.session, w.resolver.VerdictDate(s.Node, s.Peildatum))
	if err != nil {
		return "", err
	}
	rows := make([]verdictRow, len(verdicts))
	for i, v := range verdicts {
		if rows[i], err = rowOf(v); err != nil {
			return "", err
		}
	}
	return fromRows(rows, graph.VerdictColumns)
}
