package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"inbeeld/checks"
	"inbeeld/pipeline/internal/dag"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sources"
	"inbeeld/sql"
)

// A readKind is what a reference in a query names.
type readKind int

const (
	readRaw    readKind = iota // raw.<source>: the delivery in force
	readRef                    // ref.<table>
	readMeta                   // meta.<table>: what the engine knows
	readModel                  // another model
	readBefore                 // <model>__vorige: its stand on the preceding peildatum
	readYear                   // <model>__jaar: its last stand that is a year older or more; for checks
)

// A read is one thing that a query depends on; name is without schema, but for models.
type read struct {
	kind readKind
	name string
}

const (
	beforeSuffix = "__vorige"
	yearSuffix   = "__jaar"
)

// A node is a query in the graph: a model, or the queries of the checks on one table.
type node struct {
	name    string // "staging.sonar"; of checks "checks.marts.x"
	model   *sql.Model
	text    string // the SELECT
	print   string // fingerprint of the SELECT
	reads   []read
	columns []duck.Column  // nil until the query is bound
	places  map[read]int   // the byte of the text where each read stands
	bare    map[string]int // the byte where each column without a table is first named

	sources  []string // deliveries it reads, also through others; sorted
	meta     []string // meta tables it reads, also through others; sorted
	per      perKind
	peildata []string // sources whose deliveries make its peildata; sorted
	closure  string   // fingerprint of the query with all queries and constants below it
	inputs   []input  // deliveries that a stand rests on
	broken   bool     // it cannot be bound: by a fault of its own, or one of what it reads
	level    int      // position in the order
	checking *checkQuery

	// Of a check that is looked at by itself: its rule, and where the text stands in its file.
	rule *checks.Rule
	file string
	from int
}

// A perKind says on which peildata a query runs.
type perKind int

const (
	perNone      perKind = iota // once, over the union of the stands that it reads
	perPeildatum                // on each
	perLast                     // on the last
)

// An input is a delivery that a stand rests on: that of a source in force on the peildatum, or, through
// __vorige, on the preceding peildatum of the queries in via, one after the other. Of the first of
// them it may be the stand of a year before.
type input struct {
	source string
	via    []*node
	year   bool
}

// A checkQuery is one statement that measures rules of one table.
type checkQuery struct {
	table checks.Table
	query checks.Query
	rules []checks.Rule
}

// A Bound project is one whose models and checks are known to fit together.
type Bound struct {
	*Project
	nodes  map[string]*node
	order  []*node // each after what it reads: models, then checks
	checks []*node
	// delivered are raw.<source> and quarantine.<source> as tables per peildatum, for checks.
	delivered map[string]*node
}

// node is a model, or a delivery as checks see it.
func (b *Bound) node(name string) *node {
	if n := b.nodes[name]; n != nil {
		return n
	}
	return b.delivered[name]
}

// metaTables are the tables that the engine fills, with their columns.
var metaTables = map[string][]duck.Column{
	"leveringen": {
		{Name: "bron", Type: "VARCHAR"},
		{Name: "levering", Type: "VARCHAR"},
		{Name: "peildatum", Type: "DATE"},
		{Name: "bestand", Type: "VARCHAR"},
		{Name: "ontvangen_op", Type: "TIMESTAMP"},
		{Name: "status", Type: "VARCHAR"},
		{Name: "reden", Type: "VARCHAR"},
		{Name: "records", Type: "BIGINT"},
		{Name: "geladen", Type: "BIGINT"},
		{Name: "in_quarantaine", Type: "BIGINT"},
		{Name: "hersteld", Type: "BIGINT"},
		{Name: "voorloopnul", Type: "BIGINT"},
		{Name: "niet_data", Type: "BIGINT"},
		{Name: "elfproef", Type: "BIGINT"},
		{Name: "dubbele_sleutels", Type: "BIGINT"},
		{Name: "totaal_regel", Type: "BIGINT"},
		{Name: "kolommen_afwezig", Type: "VARCHAR"},
		{Name: "kolommen_nieuw", Type: "VARCHAR"},
	},
	"bevindingen": {
		{Name: "peildatum", Type: "DATE"},
		{Name: "check", Type: "VARCHAR"},
		{Name: "groep", Type: "VARCHAR"},
		{Name: "tabel", Type: "VARCHAR"},
		{Name: "ernst", Type: "VARCHAR"},
		{Name: "waarde", Type: "DECIMAL(18,2)"},
		{Name: "drempel", Type: "DECIMAL(18,2)"},
		{Name: "teller", Type: "DECIMAL(18,2)"},
		{Name: "noemer", Type: "DECIMAL(18,2)"},
		{Name: "sinds", Type: "DATE"},
		{Name: "uitleg", Type: "VARCHAR"},
		{Name: "toestand", Type: "VARCHAR"},
	},
	"peildata": {{Name: "bron", Type: "VARCHAR"}, {Name: "peildatum", Type: "DATE"}},
}

// findings is the meta table that exists only after the checks have been judged.
const findings = "bevindingen"

// Bind parses every query, builds the graph and binds each query against empty tables. The project
// may only be run when there are no faults.
func (p *Project) Bind(ctx context.Context) (b *Bound, faults projectfile.Faults, err error) {
	db, err := duck.Open(ctx, duck.Settings{Closed: true, Threads: 1, JSONErrors: true})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	bi := &binder{Bound: &Bound{Project: p, nodes: map[string]*node{}}, session: session}
	if err := bi.prepare(ctx); err != nil {
		return nil, nil, err
	}
	for _, m := range p.Models {
		if err := bi.add(ctx, &node{name: m.FullName(), model: m, text: m.Text, per: perOf(m)}, m.Path); err != nil {
			return nil, nil, err
		}
	}
	bi.sort()
	for _, n := range bi.order {
		if err := bi.bind(ctx, n); err != nil {
			return nil, nil, err
		}
	}
	if err := bi.bindChecks(ctx); err != nil {
		return nil, nil, err
	}
	return bi.Bound, bi.faults.Sorted(), nil
}

type binder struct {
	*Bound
	session  *duck.Session
	volatile map[string]bool // functions that do not give the same answer every night
	faults   projectfile.Faults
}

// prepare makes the empty tables that models may read.
func (b *binder) prepare(ctx context.Context) error {
	statements := []string{"set variable peildatum = date '2000-01-01'"}
	for _, schema := range append([]string{"raw", "ref", "meta"}, sql.Layers...) {
		statements = append(statements, "create schema "+sql.Ident(schema))
	}
	for _, c := range b.Contracts {
		statements = append(statements, createTable("raw", c.Name, rawColumns(c)))
	}
	for _, r := range b.References {
		statements = append(statements, createTable("ref", r.Name, refColumns(r)))
	}
	for _, name := range slices.Sorted(maps.Keys(metaTables)) {
		statements = append(statements, createTable("meta", name, metaTables[name]))
	}
	if err := b.session.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("prepare to bind the models: %w", err)
	}
	rows, err := b.session.Rows(ctx, "select distinct lower(function_name)::varchar from duckdb_functions() where stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')")
	if err != nil {
		return fmt.Errorf("ask for functions: %w", err)
	}
	b.volatile = map[string]bool{}
	for _, r := range rows {
		b.volatile[*r[0]] = true
	}
	for _, name := range []string{"any_value", "arbitrary", "first", "last", "mode", "read_text", "read_blob"} {
		b.volatile[name] = true
	}
	delete(b.volatile, "getvariable")
	return nil
}

// rawColumns are the columns of raw.<source>.
func rawColumns(c *sources.Contract) []duck.Column {
	columns := []duck.Column{{Name: "regel", Type: "BIGINT"}}
	for _, col := range c.Columns {
		columns = append(columns, duck.Column{Name: col.As, Type: columnType(col.Type)})
	}
	return columns
}

func columnType(t sources.ColumnType) string {
	switch t {
	case sources.Integer:
		return "BIGINT"
	case sources.Decimal:
		return "DECIMAL(18,6)"
	case sources.Date:
		return "DATE"
	case sources.JaNee:
		return "BOOLEAN"
	case sources.Text, sources.Code, sources.BSN:
		return "VARCHAR"
	}
	panic("contract with an unknown column type: " + string(t))
}

func refColumns(r *sources.Reference) []duck.Column {
	columns := make([]duck.Column, len(r.Columns))
	for i, name := range r.Columns {
		columns[i] = duck.Column{Name: name, Type: "VARCHAR"}
	}
	return columns
}

func createTable(schema, name string, columns []duck.Column) string {
	return createTableAs(sql.Table(schema, name), columns)
}

func createTableAs(table string, columns []duck.Column) string {
	defs := make([]string, len(columns))
	for i, c := range columns {
		defs[i] = sql.Ident(c.Name) + " " + c.Type
	}
	return "create table " + table + " (" + strings.Join(defs, ", ") + ")"
}

// at makes a fault at a byte of a file, or without place when at is -1.
func at(file, text string, at int, hint, format string, args ...any) projectfile.Fault {
	f := projectfile.Fault{Path: file, Message: fmt.Sprintf(format, args...), Hint: hint}
	if at >= 0 && at <= len(text) {
		before := text[:at]
		f.Line = strings.Count(before, "\n") + 1
		f.Col = len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	}
	return f
}

func (b *binder) fault(f projectfile.Fault) { b.faults = append(b.faults, f) }

// add parses the query of a node and resolves what it reads.
func (b *binder) add(ctx context.Context, n *node, file string) error {
	b.nodes[n.name] = n
	n.places, n.bare = map[read]int{}, map[string]int{}
	row, err := b.session.Row(ctx, "select json_serialize_sql("+sql.Literal(n.text)+"::varchar)::varchar")
	if err != nil {
		return fmt.Errorf("parse %s: %w", file, err)
	}
	q, problems := dag.Read([]byte(*row[0]))
	n.broken = len(problems) > 0
	for _, p := range problems {
		if p.At <= 0 {
			p.At = begin(n.text)
		}
		if p.Table != "" {
			p.Hint = b.tableNamed(p.Table)
		}
		b.fault(n.place(file, p.At, p.Hint, "%s", p.Message))
	}
	if q == nil {
		return nil
	}
	n.print = q.Fingerprint
	for _, f := range q.Functions {
		if f.Name == "getvariable" && n.model != nil && n.per == perNone {
			b.fault(n.place(file, f.At, "add per: peildatum to the header, or take the peildatum from a table", "only per-peildatum models have a peildatum of their own"))
		}
		if b.volatile[f.Name] {
			b.fault(n.place(file, f.At, "use the peildatum and a fixed order", "function %s() does not give the same answer every night", f.Name))
		}
	}
	for _, c := range q.Columns {
		if _, ok := n.bare[c.Name]; !ok {
			n.bare[c.Name] = c.At
		}
		switch c.Name {
		case "current_date", "current_timestamp", "current_time", "localtime", "localtimestamp", "current_user", "session_user", "user":
			b.fault(n.place(file, c.At, "use getvariable('peildatum')", "%s does not give the same answer every night", c.Name))
		}
	}
	if n.model != nil && n.model.Schema == "marts" {
		for _, star := range q.Stars {
			b.fault(n.place(file, star, "name the columns: they are a contract with those who read the mart", "select * in a mart"))
		}
	}
	for _, t := range q.Tables {
		if b.unread[t.Schema+"."+t.Name] {
			n.broken = true
			continue
		}
		r, hint := b.resolve(t)
		if hint != "" {
			n.broken = true
			b.fault(n.place(file, t.At, hint, "unknown table %s.%s", t.Schema, t.Name))
			continue
		}
		n.reads = append(n.reads, r)
		n.places[r] = t.At
	}
	return nil
}

// resolve says what a table is; the hint is not empty when there is no such table.
func (b *binder) resolve(t dag.Reference) (r read, hint string) {
	if r, ok := b.resolveStand(t); ok {
		return r, ""
	}
	var names []string
	switch t.Schema {
	case "raw":
		for _, c := range b.Contracts {
			names = append(names, c.Name)
		}
		r = read{readRaw, t.Name}
	case "ref":
		for _, ref := range b.References {
			names = append(names, ref.Name)
		}
		r = read{readRef, t.Name}
	case "meta":
		names = slices.Sorted(maps.Keys(metaTables))
		r = read{readMeta, t.Name}
	default:
		var all []string
		for _, m := range b.Models {
			all = append(all, m.FullName())
		}
		full := t.Schema + "." + t.Name
		if before, ok := strings.CutSuffix(full, beforeSuffix); ok && slices.Contains(all, before) {
			return read{readBefore, before}, ""
		}
		if slices.Contains(all, full) {
			return read{readModel, full}, ""
		}
		if hint := projectfile.DidYouMean(full, all); hint != "" && slices.Contains(sql.Layers, t.Schema) {
			return r, hint
		}
		return r, "a model is sql/<layer>/<name>.sql; deliveries are raw.<source>, reference tables ref.<name>"
	}
	if slices.Contains(names, t.Name) {
		return r, ""
	}
	if strings.HasSuffix(t.Name, beforeSuffix) {
		return r, "only per-peildatum models have a preceding stand: give it a staging model"
	}
	if hint := projectfile.DidYouMean(t.Name, names); hint != "" {
		return r, hint
	}
	return r, fmt.Sprintf("schema %s has no such table", t.Schema)
}

func perOf(m *sql.Model) perKind {
	switch {
	case m.PerPeildatum:
		return perPeildatum
	case m.Last:
		return perLast
	}
	return perNone
}

// sort puts the nodes in order and derives what each reads through others.
func (b *binder) sort() {
	graph := dag.Graph{}
	for name, n := range b.nodes {
		graph[name] = []string{}
		for _, r := range n.reads {
			if r.kind == readModel || r.kind == readBefore {
				graph[name] = append(graph[name], r.name)
			}
		}
	}
	order, err := graph.Order()
	var cycle *dag.CycleError
	for errors.As(err, &cycle) {
		n := b.nodes[cycle.Path[0]]
		place, ok := n.places[read{readModel, cycle.Path[1]}]
		if !ok {
			place = n.places[read{readBefore, cycle.Path[1]}]
		}
		b.fault(at(n.model.Path, n.text, place, "break the circle: let one of them read what the other reads", "%v", cycle))
		for _, name := range cycle.Path {
			b.nodes[name].broken = true
		}
		graph[cycle.Path[0]] = nil
		order, err = graph.Order()
	}
	b.order = b.order[:0]
	for i, name := range order {
		n := b.nodes[name]
		n.level = i
		b.order = append(b.order, n)
		b.derive(n)
	}
}

// derive collects the sources and meta tables of a node whose reads have theirs.
func (b *binder) derive(n *node) {
	srcs, meta := map[string]bool{}, map[string]bool{}
	for _, r := range n.reads {
		switch r.kind {
		case readRaw:
			srcs[r.name] = true
		case readMeta:
			meta[r.name] = true
		case readModel, readBefore, readYear:
			of := b.node(r.name)
			for _, s := range of.sources {
				srcs[s] = true
			}
			for _, m := range of.meta {
				meta[m] = true
			}
		case readRef:
		}
	}
	n.sources, n.meta = slices.Sorted(maps.Keys(srcs)), slices.Sorted(maps.Keys(meta))
	n.peildata = n.sources
	if n.model != nil && len(n.model.Peildata) > 0 {
		n.peildata = slices.Sorted(slices.Values(n.model.Peildata))
	}
	b.rest(n)
}

// definition is the fingerprint of a query by itself, for checks with their rules.
func (n *node) definition() string {
	if n.checking == nil {
		return n.print
	}
	rules, err := json.Marshal(n.checking.rules)
	if err != nil {
		panic("rules are plain values: " + err.Error())
	}
	return digest(n.print, string(rules), strings.Join(n.checking.table.Key, " "))
}

// rest works out what the fingerprint of a stand is over.
func (b *binder) rest(n *node) {
	parts := []string{n.name, n.definition()}
	seen := map[string]bool{}
	add := func(in input) {
		key := fmt.Sprint(in.source, in.year)
		for _, v := range in.via {
			key += " " + v.name
		}
		if !seen[key] {
			seen[key] = true
			n.inputs = append(n.inputs, in)
		}
	}
	for _, r := range n.reads {
		parts = append(parts, fmt.Sprint(r.kind), r.name)
		switch r.kind {
		case readRaw:
			add(input{source: r.name})
		case readRef:
			parts = append(parts, b.reference(r.name).Fingerprint())
		case readModel:
			of := b.node(r.name)
			parts = append(parts, of.closure)
			for _, in := range of.inputs {
				add(in)
			}
		case readBefore, readYear:
			of := b.node(r.name)
			parts = append(parts, of.closure)
			for _, in := range of.inputs {
				add(input{source: in.source, via: append([]*node{n}, in.via...), year: r.kind == readYear})
			}
		case readMeta:
		}
	}
	n.closure = digest(parts...)
}

// constant nodes read reference tables only: they are the same on every peildatum.
func (n *node) constant() bool { return len(n.sources) == 0 && len(n.meta) == 0 }

// bind checks the rules between models, binds the query and makes an empty table of its columns.
func (b *binder) bind(ctx context.Context, n *node) error {
	for _, r := range n.reads {
		b.checkRead(n, r)
		if of := b.nodes[r.name]; (r.kind == readModel || r.kind == readBefore) && of.columns == nil {
			n.broken = true // its fault is said already
		}
	}
	if n.broken || !nameable(n.model) {
		return nil
	}
	columns, fault, err := b.describe(ctx, n)
	if err != nil {
		return err
	}
	if fault != nil {
		n.broken = true
		b.fault(*fault)
		return nil //nolint:nilerr // a fault is collected, so that one look shows all of them
	}
	if name := repeatedColumn(columns); name != "" {
		b.fault(at(n.model.Path, n.text, strings.LastIndex(n.text, name), "give each column a name of its own", "two columns are called %q", name))
		return nil
	}
	n.columns = columns
	b.checkModel(n)
	statements := createTable(n.model.Schema, n.model.Name, columns) + ";" + createTable(n.model.Schema, n.model.Name+beforeSuffix, columns)
	if err := b.session.Exec(ctx, statements); err != nil {
		return fmt.Errorf("make an empty table for %s: %w", n.name, err)
	}
	return nil
}

func (b *binder) checkRead(n *node, r read) {
	refuse := func(hint, format string, args ...any) {
		b.fault(at(n.model.Path, n.text, n.places[r], hint, format, args...))
	}
	layer := slices.Index(sql.Layers, n.model.Schema)
	switch r.kind {
	case readModel, readBefore:
		of := b.nodes[r.name]
		if slices.Index(sql.Layers, of.model.Schema) > layer {
			refuse("a model reads its own layer and those before it: "+strings.Join(sql.Layers, ", "), "%s reads %s, which is in a later layer", n.name, r.name)
		}
		if n.per != perNone && of.per != perPeildatum && !of.constant() {
			refuse("let it read per-peildatum models, or leave out per: peildatum", "%s runs per peildatum but reads %s, which does not", n.name, r.name)
		}
		if r.kind == readBefore && (n.per != perPeildatum || of.per != perPeildatum) {
			refuse("only per-peildatum models have a preceding stand, for per-peildatum models", "%s cannot read %s%s", n.name, r.name, beforeSuffix)
		}
	case readMeta:
		if n.per != perNone {
			refuse("leave out per: peildatum", "%s runs per peildatum but reads meta.%s, which does not", n.name, r.name)
		}
		if r.name == findings && n.model.Schema != "marts" {
			refuse("findings exist after the checks; read them in a mart", "%s reads meta.%s before the checks have run", n.name, r.name)
		}
	case readRaw, readRef, readYear:
	}
}

// describe binds a query. The fault is what DuckDB says of it, at its place in the file.
func (b *binder) describe(ctx context.Context, n *node) ([]duck.Column, *projectfile.Fault, error) {
	columns, err := b.session.Describe(ctx, n.text)
	if err == nil {
		return columns, nil, nil
	}
	var derr *duck.Error
	if !errors.As(err, &derr) {
		return nil, nil, err
	}
	p := b.clearer(n, bindError(derr))
	fault := at(n.model.Path, n.text, p.at, p.hint, "%s", p.Message)
	return nil, &fault, nil
}

// A bindFault is DuckDB's error in parts.
type bindFault struct {
	Message string
	hint    string
	at      int
}

// bindError reads an error that DuckDB gave as JSON.
func bindError(err error) bindFault {
	text := err.Error()
	if i := strings.IndexByte(text, '{'); i >= 0 {
		var e struct {
			Message    string `json:"exception_message"`
			Position   string `json:"position"`
			Candidates string `json:"candidates"`
		}
		if json.Unmarshal([]byte(text[i:]), &e) == nil && e.Message != "" {
			f := bindFault{Message: e.Message, at: -1}
			if p, err := strconv.Atoi(e.Position); err == nil {
				f.at = p - len(duck.DescribePrefix)
			}
			message, rest, _ := strings.Cut(f.Message, "\n")
			f.Message = strings.TrimSuffix(message, "!")
			if e.Candidates != "" {
				f.hint = "known: " + strings.ReplaceAll(e.Candidates, ",", ", ")
			} else if rest = strings.TrimSpace(rest); rest != "" {
				f.hint = strings.Join(strings.Fields(rest), " ")
			}
			return f
		}
	}
	return bindFault{Message: text, at: -1}
}
