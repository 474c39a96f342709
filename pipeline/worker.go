package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/sql"
)

// A worker runs steps in a catalog of its own, so that the views of one peildatum are not seen on
// another.
type worker struct {
	ground  *ground
	session *duck.Session
	trusted *trusted
}

// trusted are kept files whose checksum was found right tonight.
type trusted struct {
	mu    sync.Mutex
	paths map[string]bool
}

func (t *trusted) check(paths []string) error {
	for _, path := range paths {
		t.mu.Lock()
		known := t.paths[path]
		t.mu.Unlock()
		if known {
			continue
		}
		if err := verify(path); err != nil {
			return err
		}
		t.add(path)
	}
	return nil
}

func (t *trusted) add(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paths[path] = true
}

// newWorker makes the catalog with its schemas and the tables that are the same for all steps.
func newWorker(ctx context.Context, db *duck.Instance, g *ground, number int, t *trusted) (*worker, error) {
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	catalog := fmt.Sprintf("werker%d", number)
	statements := []string{"attach ':memory:' as " + catalog, "use " + catalog}
	for _, schema := range g.bound.Schemas() {
		statements = append(statements, "create schema if not exists "+sql.Ident(schema))
	}
	for _, r := range g.bound.References {
		statements = append(statements, "create view "+sql.Table("ref", r.Name)+" as select * from memory."+sql.Table("ref", r.Name))
	}
	for name := range graph.MetaTables {
		statements = append(statements, "create view "+sql.Table("meta", name)+" as select * from memory."+sql.Table("meta", name))
	}
	if err := session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return nil, fmt.Errorf("prepare a catalog for the models: %w", err)
	}
	return &worker{ground: g, session: session, trusted: t}, nil
}

// see makes the views through which a step reads.
func (w *worker) see(ctx context.Context, s *step) error {
	var statements []string
	if s.peildatum != "" {
		statements = append(statements, "set variable peildatum = date "+sql.Literal(s.peildatum))
	}
	for _, r := range s.reads {
		if err := w.trusted.check(files(r.pieces)); err != nil {
			return err
		}
		if from := w.ground.from(r); from != "" {
			statements = append(statements, "create or replace view "+sql.Table(r.schema, r.table)+" as "+from)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return w.session.Exec(ctx, strings.Join(statements, ";\n"))
}

// run computes the result of a step, aside, and puts it on its shelf.
func (w *worker) run(ctx context.Context, s *step, scratch string) error {
	if err := w.compute(ctx, s, scratch); err != nil {
		on := ""
		if s.peildatum != "" {
			on = " on " + s.peildatum
		}
		return fmt.Errorf("%s%s: %w", s.node.Name, on, err)
	}
	return nil
}

func (w *worker) compute(ctx context.Context, s *step, scratch string) error {
	if err := w.see(ctx, s); err != nil {
		return err
	}
	tmp := filepath.Join(scratch, s.node.Name+"."+s.print[:short]+".tmp")
	text := s.node.Text
	if s.node.Checking != nil {
		var err error
		if text, err = w.judge(ctx, s); err != nil {
			return err
		}
	}
	stamp := "null::date"
	if s.peildatum != "" {
		stamp = "date " + sql.Literal(s.peildatum)
	}
	query := "select *, " + stamp + " as " + sql.Ident(peildatumColumn) + " from (" + text + ")"
	if err := w.session.Exec(ctx, duck.CopyStatement(query, tmp, map[string]string{"inbeeld.fingerprint": s.print})); err != nil {
		return err
	}
	path, err := w.ground.shelf(s.node).put(tmp, s.print[:short])
	if err != nil {
		return err
	}
	w.trusted.add(path)
	s.at = kept{path: path}
	return nil
}

// bundle makes one file of the results of a closed year, and gives it with its list.
func (w *worker) bundle(ctx context.Context, n *graph.Query, dates []string, scratch string) (paths []string, err error) {
	print := w.ground.yearPrint(n, dates)
	key := bundleKey(dates[0][:4], print)
	var pieces []piece
	for _, p := range dates {
		pieces = append(pieces, piece{step: w.ground.step(n, p)})
	}
	if err := w.trusted.check(files(pieces)); err != nil {
		return nil, err
	}
	columns := append(slices.Clone(n.Columns), duck.Column{Name: peildatumColumn, Type: "DATE"})
	tmp := filepath.Join(scratch, n.Name+"."+key+".tmp")
	if err := w.session.Exec(ctx, duck.CopyStatement(union(pieces, columns)+" order by "+sql.Ident(peildatumColumn), tmp, map[string]string{"inbeeld.fingerprint": print})); err != nil {
		return nil, err
	}
	if err := w.ground.writeList(n, dates); err != nil {
		return nil, err
	}
	shelf := w.ground.shelf(n)
	path, err := shelf.put(tmp, key)
	return []string{path, bundleList(shelf.dir, key)}, err
}

// writeList writes the fingerprints in a bundle beside it.
func (g *ground) writeList(n *graph.Query, dates []string) error {
	content, key := bundleContent{Prints: map[string]string{}}, bundleKey(dates[0][:4], g.yearPrint(n, dates))
	for _, p := range dates {
		content.Prints[p] = g.print(n, p)
	}
	content.Sum = content.sum(key)
	list, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return durable.WriteFile(bundleList(g.shelf(n).dir, key), list, 0o600)
}

// judge runs the query of a check step and gives a SELECT of its verdicts.
func (w *worker) judge(ctx context.Context, s *step) (string, error) {
	verdicts, err := verdicts(ctx, s.node.Checking, w.session, w.ground.judgedOn(s.node, s.peildatum))
	if err != nil {
		return "", err
	}
	return fromRows(verdicts, graph.VerdictColumns)
}
