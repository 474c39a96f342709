package pipeline
import ("testing";"os";"inbeeld/pipeline/internal/duck";"inbeeld/sql";"errors";"slices")
func TestZZPlan(t *testing.T){
	p, faults, err := LoadProject("")
	if err := errors.Join(err, faults.Err()); err != nil { t.Fatal(err) }
	db, err := duck.Open(t.Context(), duck.Settings{Closed: true, Threads: 1, JSONErrors: true})
	if err != nil { t.Fatal(err) }
	s, _ := db.Session(t.Context())
	b, _, err := p.Bind(t.Context()); if err != nil { t.Fatal(err) }
	bi := &binder{Bound: b, session: s}
	if err := bi.prepare(t.Context()); err != nil { t.Fatal(err) }
	for _, n := range b.order {
		st := createTable(n.model.Schema, n.model.Name, n.columns) + ";" + createTable(n.model.Schema, n.model.Name+beforeSuffix, n.columns)
		if err := s.Exec(t.Context(), st); err != nil { t.Fatal(err) }
	}
	for _, n := range b.order {
		row, err := s.Row(t.Context(), "select json_serialize_plan("+sql.Literal(n.text)+"::varchar, skip_null := true, skip_empty := true, optimize := false)::varchar")
		if err != nil { t.Log(n.name, err); continue }
		os.WriteFile("/tmp/x/plan."+n.name+".json", []byte(*row[0]), 0o600)
		t.Log(n.name, len(*row[0]))
	}
	_ = slices.Sorted[string]
}
