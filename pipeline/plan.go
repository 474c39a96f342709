package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources"
)

// A Plan is what a run would do now, if every delivery that it loads is accepted.
type Plan struct {
	NothingToDo bool          `json:"nothing_to_do"`
	Load        []PlannedLoad `json:"load"`
	Compute     []PlannedStep `json:"compute"`
	Reused      int           `json:"reused"` // results, a closed year counting as one
	// Redefined are the marts that are defined otherwise than what is published. A run holds the publication
	// when that moves figures of the past; which, only computing tells.
	Redefined []Redefinition `json:"redefined,omitempty"`
	Notes     []string       `json:"notes,omitempty"`
}

// PlannedLoad is a delivery that would be loaded.
type PlannedLoad struct {
	Source    string `json:"source"`
	Delivery  string `json:"delivery"`
	Peildatum string `json:"peildatum"`
	File      string `json:"file"`
	Why       string `json:"why"`
}

// PlannedStep is a result that would be computed; Peildatum is empty for a query that runs once.
type PlannedStep struct {
	Query     string `json:"query"` // a model, or checks.<table>.<number>
	Peildatum string `json:"peildatum,omitempty"`
	Why       string `json:"why"`
}

// MakePlan works out what a run would do. It writes nothing, and takes no lock: while a run is going
// it may be overtaken.
func MakePlan(ctx context.Context, o Scope, settings PublishSettings, fresh bool) (*Plan, error) {
	r, err := o.Open()
	if err != nil {
		return nil, err
	}
	if r.Key, err = planKey(o.Dir, r.Loads); err != nil {
		return nil, err
	}
	site := &Site{Journal: &Journal{Dir: o.Dir}, Store: mart.Store{Dir: filepath.Join(o.Path, "marts")}, Publish: settings}
	plan := &Plan{Load: []PlannedLoad{}, Compute: []PlannedStep{}}
	if pin, err := site.Store.Pinned(); err != nil {
		return nil, err
	} else if pin != nil && released(r.Decisions, pin) == nil {
		plan.Notes = append(plan.Notes, fmt.Sprintf("version %s is pinned (%s, %s): nothing will be published", pin.Version, pin.Who, pin.Reason))
	}
	if st, err := site.Store.ReadStatus(); err == nil && st != nil && st.Blocked != nil && st.Blocked.Approve != "" {
		plan.Notes = append(plan.Notes, fmt.Sprintf("run %s waits for approval: inbeeld approve %s --reason …", st.Blocked.Approve, st.Blocked.Approve))
	}
	if _, lacks, err := o.Dir.lacksRoom(); err != nil {
		return nil, err
	} else if lacks != "" {
		plan.Notes = append(plan.Notes, lacks+"; it will not begin")
	}
	expected, err := r.expect(ctx, true)
	if err != nil {
		return nil, err
	}
	plan.Load, plan.Notes = append(plan.Load, expected.Loads...), append(plan.Notes, expected.Notes...)
	notes, err := r.expectExpiry()
	if err != nil {
		return nil, err
	}
	plan.Notes = append(plan.Notes, notes...)
	if upToDate, _ := site.upToDate(r); len(plan.Load) == 0 && upToDate && !fresh {
		plan.NothingToDo = true
		return plan, nil
	}
	g, err := bindProject(ctx, r.Project)
	if err != nil {
		return nil, err
	}
	return plan, plan.addSteps(r, site, g, fresh)
}

// planKey is the key of the data directory; where a run would make one, any will do.
func planKey(o Dir, loads map[string]*lake.Load) (*pseudonym.Key, error) {
	if len(loads) == 0 {
		return pseudonym.NewKey(make([]byte, 32))
	}
	return lake.OpenKey(o.Path, o.KeyFile, loads)
}

// Expected is what a run would take in.
type Expected struct {
	Loads []PlannedLoad
	Notes []string
}

// expect adds to what is known the files in the inbox, and puts in the place of loads that a run
// would make what they will be when the delivery is accepted.
func (r *Book) expect(ctx context.Context, inbox bool) (*Expected, error) {
	e := &Expected{}
	landed := map[string]bool{}
	for _, d := range r.Deliveries {
		landed[lake.Key(d.Source, d.ID)] = true
	}
	why := map[string]string{}
	if inbox {
		for _, c := range r.Project.Contracts {
			if err := r.expectInbox(ctx, c, why, e); err != nil {
				return nil, err
			}
		}
	}
	for _, d := range r.known() {
		c, key := r.Project.Contract(d.Source), lake.Key(d.Source, d.ID)
		old := r.Loads[key]
		if old.Current(r.Path, c, r.Key.Fingerprint()) && !old.Overtaken(d, r.accepted()) {
			continue
		}
		reason := "not loaded yet"
		switch {
		case why[key] != "":
			reason = why[key]
		case old.Current(r.Path, c, r.Key.Fingerprint()):
			reason = "accepted in spite of its limits"
			if old.Pakbon != d.Pakbon.Fingerprint() {
				reason = "another pakbon"
			}
		case old != nil && old.Again:
			reason = "it is tried again"
		case old != nil && old.Contract != c.Fingerprint():
			reason = "the contract changed"
		case old != nil && old.Loader != fingerprint.Loader:
			reason = "this version loads otherwise"
		case old != nil:
			reason = "its lake or quarantine file is missing"
		}
		if landed[key] {
			if _, err := os.Stat(d.Original(r.Path)); err != nil && old.Whole(r.Path) {
				e.Notes = append(e.Notes, fmt.Sprintf("%s: %s, but its original is gone; the loaded rows stay in force", key, reason))
				continue
			}
		}
		e.Loads = append(e.Loads, PlannedLoad{Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: reason})
		r.state = nil
		r.Loads[key] = &lake.Load{
			Source: d.Source, Delivery: d.ID, Accepted: true, Contract: c.Fingerprint(), Key: r.Key.Fingerprint(), Loader: fingerprint.Loader,
			Fingerprint: fingerprint.Of("load", d.SHA256, c.Fingerprint(), r.Key.Origin(), strconv.Itoa(fingerprint.Loader)),
		}
	}
	return e, nil
}

// expectInbox adds the files of one source that a run would land.
func (r *Book) expectInbox(ctx context.Context, c *sources.Contract, why map[string]string, e *Expected) error {
	if c.Dir == "" {
		e.Notes = append(e.Notes, fmt.Sprintf("%s: a run asks %s what is new; a plan connects to nothing", c.Name, c.From.Label()))
		return nil
	}
	dir := filepath.Join(r.Path, filepath.FromSlash(c.Dir))
	if _, err := os.Stat(dir); err != nil {
		return nil //nolint:nilerr // no folder, no files
	}
	folder := sources.Directory{Path: dir, Glob: c.From.Glob}
	found, err := folder.List(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b sources.Found) int {
		return cmp.Or(a.Modified.Compare(b.Modified), cmp.Compare(a.Name, b.Name))
	})
	landed := map[string]string{} // the last of each peildatum
	for _, f := range found {
		peildatum, ok, err := c.Peildatum(path.Base(f.Name))
		if _, isPakbon := sources.PakbonOf(f.Name); !ok || err != nil || f.Ignored != "" || isPakbon {
			continue
		}
		if !slices.ContainsFunc(found, func(p sources.Found) bool { of, _ := sources.PakbonOf(p.Name); return of == f.Name }) && c.WaitsForPakbon(f.Modified, r.Now()) {
			e.Notes = append(e.Notes, fmt.Sprintf("%s: waits for its pakbon", f.Name))
			continue
		}
		sum, err := hashFile(ctx, folder, f)
		if err != nil {
			return err
		}
		id := peildatum + "-" + sum[:12]
		before, ok := landed[peildatum]
		if !ok {
			d, _ := r.fold().InForce(c.Name, peildatum)
			before = d.ID
		}
		if before == id {
			e.Notes = append(e.Notes, fmt.Sprintf("%s: the same bytes as the delivery in force, would be ignored", f.Name))
			continue
		}
		landed[peildatum], r.state = id, nil
		receipt := sources.Receipt{Sequence: sources.NextSequence(r.Deliveries, r.Decisions), File: f.Name, Modified: f.Modified}
		if i := slices.IndexFunc(r.Deliveries, func(d sources.Delivery) bool { return d.Source == c.Name && d.ID == id }); i >= 0 {
			r.Deliveries[i].Receipts = append(slices.Clone(r.Deliveries[i].Receipts), receipt)
			e.Notes = append(e.Notes, fmt.Sprintf("%s: comes back", f.Name))
			continue
		}
		r.Deliveries = append(r.Deliveries, sources.Delivery{Source: c.Name, ID: id, Peildatum: peildatum, SHA256: sum, Receipts: []sources.Receipt{receipt}})
		why[lake.Key(c.Name, id)] = "new in the inbox"
	}
	return nil
}

func hashFile(ctx context.Context, folder sources.Directory, f sources.Found) (sum string, err error) {
	in, err := folder.Open(ctx, f, 0)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", fmt.Errorf("read %s: %w", f.Name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// addSteps works out the results to compute.
func (plan *Plan) addSteps(r *Book, site *Site, bound *graph.Graph, fresh bool) error {
	g := newGround(r.Path, bound, r.fold(), r.Loads, fresh)
	if err := g.printMeta(g.metaRows(r.known())); err != nil {
		return err
	}
	g.demand(false)
	g.meta[graph.Findings] = g.findingsPrint()
	g.demand(true)
	if g.err != nil {
		return g.err
	}
	memory := readMemory(r.Path)
	_, manifest, err := site.Store.Current()
	if err != nil {
		manifest = nil
	}
	if manifest != nil {
		plan.Redefined = site.Publish.redefinitions(bound, manifest)
	}
	for _, s := range g.order {
		if s.done() {
			plan.Reused++
			continue
		}
		plan.Compute = append(plan.Compute, PlannedStep{Query: s.node.Name, Peildatum: s.peildatum, Why: g.why(s, memory, manifest, plan.Load)})
	}
	for _, all := range g.all {
		for _, p := range all {
			if p.bundle != "" {
				plan.Reused++
			}
		}
	}
	slices.SortFunc(plan.Compute, func(a, b PlannedStep) int {
		return cmp.Or(cmp.Compare(a.Query, b.Query), cmp.Compare(a.Peildatum, b.Peildatum))
	})
	return nil
}

// why says what made the kept result of a step, if there was one, no longer the right one.
func (g *ground) why(s *step, m memory, published *mart.Manifest, loads []PlannedLoad) string {
	before, known := m.Queries[s.node.Name]
	switch {
	case g.fresh:
		return "full refresh"
	case !known:
		return "new"
	case before.Text != s.node.Definition():
		if s.node.Checking != nil {
			return "check changed"
		}
		return "model changed"
	case before.Refs != g.bound.Refs(s.node):
		return "reference changed"
	case before.Closure != s.node.Closure:
		return "upstream changed"
	case s.node.Per == graph.PerNone:
		return "what it reads changed"
	}
	var deliveries []string
	for _, in := range s.node.Inputs {
		d, ok := g.state.InForceOn(in.Source, g.lookedAt(in, s.peildatum))
		if !ok {
			continue
		}
		was := slices.ContainsFunc(loads, func(l PlannedLoad) bool { return l.Source == d.Source && l.Delivery == d.ID })
		if published != nil && !slices.ContainsFunc(published.Deliveries, func(p mart.Delivery) bool { return p.Source == d.Source && p.ID == d.ID }) || was {
			deliveries = append(deliveries, d.Source+" "+d.ID)
		}
	}
	if len(deliveries) > 0 {
		return "new delivery: " + strings.Join(slices.Compact(deliveries), ", ")
	}
	return "other deliveries in force"
}
