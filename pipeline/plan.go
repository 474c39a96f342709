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
func MakePlan(ctx context.Context, o Options) (*Plan, error) {
	r, err := inspect(o)
	if err != nil {
		return nil, err
	}
	if r.key, err = planKey(o, r.loads); err != nil {
		return nil, err
	}
	plan := &Plan{Load: []PlannedLoad{}, Compute: []PlannedStep{}}
	if pin, err := r.store.Pinned(); err != nil {
		return nil, err
	} else if pin != nil && r.released(pin) == nil {
		plan.Notes = append(plan.Notes, fmt.Sprintf("version %s is pinned (%s, %s): nothing will be published", pin.Version, pin.Who, pin.Reason))
	}
	if st, err := r.store.ReadStatus(); err == nil && st != nil && st.Blocked != nil && st.Blocked.Approve != "" {
		plan.Notes = append(plan.Notes, fmt.Sprintf("run %s waits for approval: inbeeld approve %s --reason …", st.Blocked.Approve, st.Blocked.Approve))
	}
	if err := r.planRoom(plan); err != nil {
		return nil, err
	}
	if err := r.expect(ctx, plan); err != nil {
		return nil, err
	}
	if err := r.planExpiring(plan); err != nil {
		return nil, err
	}
	if len(plan.Load) == 0 && r.upToDate() && !o.Fresh {
		plan.NothingToDo = true
		return plan, nil
	}
	if err := r.bind(ctx); err != nil {
		return nil, err
	}
	return plan, r.planSteps(plan)
}

// planKey is the key of the data directory; where a run would make one, any will do.
func planKey(o Options, loads map[string]*lake.Load) (*pseudonym.Key, error) {
	if len(loads) == 0 {
		return pseudonym.NewKey(make([]byte, 32))
	}
	return lake.OpenKey(o.Data, o.KeyFile, loads)
}

// expect adds to what is known the files in the inbox, and puts in the place of loads that a run
// would make what they will be when the delivery is accepted.
func (r *runner) expect(ctx context.Context, plan *Plan) error {
	landed := map[string]bool{}
	for _, d := range r.deliveries {
		landed[lake.Key(d.Source, d.ID)] = true
	}
	why := map[string]string{}
	if r.Out == "" {
		for _, c := range r.project.Contracts {
			if err := r.expectInbox(ctx, c, why, plan); err != nil {
				return err
			}
		}
	}
	for _, d := range r.known() {
		c, key := r.project.Contract(d.Source), lake.Key(d.Source, d.ID)
		old := r.loads[key]
		if old.Current(r.Data, c, r.key.Fingerprint()) && !old.Overtaken(d, r.accepted()) {
			continue
		}
		reason := "not loaded yet"
		switch {
		case why[key] != "":
			reason = why[key]
		case old.Current(r.Data, c, r.key.Fingerprint()):
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
			if _, err := os.Stat(d.Original(r.Data)); err != nil && old.Whole(r.Data) {
				plan.Notes = append(plan.Notes, fmt.Sprintf("%s: %s, but its original is gone; the loaded rows stay in force", key, reason))
				continue
			}
		}
		plan.Load = append(plan.Load, PlannedLoad{Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: reason})
		r.state = nil
		r.loads[key] = &lake.Load{
			Source: d.Source, Delivery: d.ID, Accepted: true, Contract: c.Fingerprint(), Key: r.key.Fingerprint(), Loader: fingerprint.Loader,
			Fingerprint: fingerprint.Of("load", d.SHA256, c.Fingerprint(), r.key.Origin(), strconv.Itoa(fingerprint.Loader)),
		}
	}
	return nil
}

// expectInbox adds the files of one source that a run would land.
func (r *runner) expectInbox(ctx context.Context, c *sources.Contract, why map[string]string, plan *Plan) error {
	if c.Dir == "" {
		plan.Notes = append(plan.Notes, fmt.Sprintf("%s: a run asks %s what is new; a plan connects to nothing", c.Name, c.From.Label()))
		return nil
	}
	dir := filepath.Join(r.Data, filepath.FromSlash(c.Dir))
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
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: waits for its pakbon", f.Name))
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
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: the same bytes as the delivery in force, would be ignored", f.Name))
			continue
		}
		landed[peildatum], r.state = id, nil
		receipt := sources.Receipt{Sequence: sources.NextSequence(r.deliveries, r.decisions), File: f.Name, Modified: f.Modified}
		if i := slices.IndexFunc(r.deliveries, func(d sources.Delivery) bool { return d.Source == c.Name && d.ID == id }); i >= 0 {
			r.deliveries[i].Receipts = append(slices.Clone(r.deliveries[i].Receipts), receipt)
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: comes back", f.Name))
			continue
		}
		r.deliveries = append(r.deliveries, sources.Delivery{Source: c.Name, ID: id, Peildatum: peildatum, SHA256: sum, Receipts: []sources.Receipt{receipt}})
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

// planSteps works out the results to compute.
func (r *runner) planSteps(plan *Plan) error {
	g := newGround(r.Data, r.bound, r.fold(), r.loads, r.Fresh)
	if err := g.printMeta(g.metaRows(r.known())); err != nil {
		return err
	}
	g.demand(false)
	g.meta[graph.Findings] = g.findingsPrint()
	g.demand(true)
	if g.err != nil {
		return g.err
	}
	memory := r.memory()
	_, manifest, err := r.store.Current()
	if err != nil {
		manifest = nil
	}
	if manifest != nil {
		plan.Redefined = r.redefinitions(manifest)
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
