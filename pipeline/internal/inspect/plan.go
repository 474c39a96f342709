package inspect

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/transform"
)

// A Plan is what a run would do now, if every delivery that it loads is accepted.
type Plan struct {
	NothingToDo bool                 `json:"nothing_to_do"`
	Load        []intake.PlannedLoad `json:"load"`
	Compute     []PlannedStep        `json:"compute"`
	Reused      int                  `json:"reused"` // results, a closed year counting as one
	// Redefined are the marts that are defined otherwise than what is published. A run holds the publication
	// when that moves figures of the past; which, only computing tells.
	Redefined []publish.Redefinition `json:"redefined,omitempty"`
	Notes     []string               `json:"notes,omitempty"`
}

// PlannedStep is a result that would be computed; Peildatum is empty for a query that runs once.
type PlannedStep struct {
	Query     string `json:"query"` // a model, or checks.<table>.<number>
	Peildatum string `json:"peildatum,omitempty"`
	Why       string `json:"why"`
}

// MakePlan works out what a run would do. It writes nothing, and takes no lock: while a run is going
// it may be overtaken.
func MakePlan(ctx context.Context, o intake.Scope, settings publish.Settings, fresh bool) (*Plan, error) {
	r, err := o.Open()
	if err != nil {
		return nil, err
	}
	if r.Key, err = intake.PlanKey(o.Dir, r.Loads); err != nil {
		return nil, err
	}
	site := &publish.Site{Journal: &datadir.Journal{Dir: o.Dir}, Store: mart.Store{Dir: filepath.Join(o.Path, "marts")}, Publish: settings}
	plan := &Plan{Load: []intake.PlannedLoad{}, Compute: []PlannedStep{}}
	if pin, err := site.Store.Pinned(); err != nil {
		return nil, err
	} else if pin != nil && publish.Released(r.Decisions, pin) == nil {
		plan.Notes = append(plan.Notes, fmt.Sprintf("version %s is pinned (%s, %s): nothing will be published", pin.Version, pin.Who, pin.Reason))
	}
	if st, err := site.Store.ReadStatus(); err == nil && st != nil && st.Blocked != nil && st.Blocked.Approve != "" {
		plan.Notes = append(plan.Notes, fmt.Sprintf("run %s waits for approval: inbeeld approve %s --reason …", st.Blocked.Approve, st.Blocked.Approve))
	}
	if _, lacks, err := o.Dir.SpaceShortage(); err != nil {
		return nil, err
	} else if lacks != "" {
		plan.Notes = append(plan.Notes, lacks+"; it will not begin")
	}
	expected, err := r.PlanLoads(ctx, true)
	if err != nil {
		return nil, err
	}
	plan.Load, plan.Notes = append(plan.Load, expected.Loads...), append(plan.Notes, expected.Notes...)
	notes, err := r.PlanExpiry()
	if err != nil {
		return nil, err
	}
	plan.Notes = append(plan.Notes, notes...)
	if upToDate, _ := site.UpToDate(r); len(plan.Load) == 0 && upToDate && !fresh {
		plan.NothingToDo = true
		return plan, nil
	}
	g, err := graph.Open(ctx, r.Project)
	if err != nil {
		return nil, err
	}
	return plan, plan.addSteps(r, site, g, fresh)
}

// addSteps works out the results to compute.
func (plan *Plan) addSteps(r *intake.Book, site *publish.Site, bound *graph.Graph, fresh bool) error {
	g := transform.NewResolver(r.Path, bound, r.State(), r.Loads, fresh)
	if err := g.FingerprintMeta(g.MetaRows(r.InScope())); err != nil {
		return err
	}
	g.PlanSteps(false)
	g.Meta[graph.Findings] = g.FindingsFingerprint()
	g.PlanSteps(true)
	if g.Err != nil {
		return g.Err
	}
	memory := transform.ReadMemory(r.Path)
	_, manifest, err := site.Store.Current()
	if err != nil {
		manifest = nil
	}
	if manifest != nil {
		plan.Redefined = site.Publish.Redefinitions(bound, manifest)
	}
	for _, s := range g.Order {
		if s.Done() {
			plan.Reused++
			continue
		}
		plan.Compute = append(plan.Compute, PlannedStep{Query: s.Node.Name, Peildatum: s.Peildatum, Why: why(g, s, memory, manifest, plan.Load)})
	}
	for _, all := range g.All {
		for _, p := range all {
			if p.Bundle != "" {
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
func why(g *transform.Resolver, s *transform.Step, m transform.Memory, published *mart.Manifest, loads []intake.PlannedLoad) string {
	before, known := m.Queries[s.Node.Name]
	switch {
	case g.Fresh:
		return "full refresh"
	case !known:
		return "new"
	case before.Text != s.Node.Definition():
		if s.Node.Check != nil {
			return "check changed"
		}
		return "model changed"
	case before.Refs != g.Bound.ReferenceFingerprint(s.Node):
		return "reference changed"
	case before.Closure != s.Node.Closure:
		return "upstream changed"
	case s.Node.Per == graph.PerNone:
		return "what it reads changed"
	}
	var deliveries []string
	for _, in := range s.Node.Inputs {
		d, ok := g.State.InForceOn(in.Source, g.InputDate(in, s.Peildatum))
		if !ok {
			continue
		}
		was := slices.ContainsFunc(loads, func(l intake.PlannedLoad) bool { return l.Source == d.Source && l.Delivery == d.ID })
		if published != nil && !slices.ContainsFunc(published.Deliveries, func(p mart.Delivery) bool { return p.Source == d.Source && p.ID == d.ID }) || was {
			deliveries = append(deliveries, d.Source+" "+d.ID)
		}
	}
	if len(deliveries) > 0 {
		return "new delivery: " + strings.Join(slices.Compact(deliveries), ", ")
	}
	return "other deliveries in force"
}
