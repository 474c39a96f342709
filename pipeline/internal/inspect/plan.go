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

// A Plan says what a run would do now, if every delivery that it loads is accepted.
type Plan struct {
	NothingToDo bool                 `json:"nothing_to_do"`
	Load        []intake.PlannedLoad `json:"load"`
	Compute     []PlannedStep        `json:"compute"`
	Reused      int                  `json:"reused"` // results; a closed year counts as one
	// Redefined are the published marts that this project defines differently. A run holds the publication if
	// they change published figures, which only computing shows.
	Redefined []publish.Redefinition `json:"redefined,omitempty"`
	Notes     []string               `json:"notes,omitempty"`
}

// A PlannedStep is a result that a run would compute. Peildatum is "" for a query without peildata.
type PlannedStep struct {
	Query     string `json:"query"` // a model, or checks.<table>.<number>
	Peildatum string `json:"peildatum,omitempty"`
	Why       string `json:"why"`
}

// MakePlan works out what a run would do. It writes nothing and takes no lock, so a run in progress may make
// it out of date.
func MakePlan(ctx context.Context, o intake.Scope, settings publish.Settings, fresh bool) (*Plan, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	if b.Key, err = intake.PlanKey(o.Dir, b.Loads); err != nil {
		return nil, err
	}
	site := &publish.Site{Journal: &datadir.Journal{Dir: o.Dir}, Store: mart.Store{Dir: filepath.Join(o.Path, "marts")}, Publish: settings}
	plan := &Plan{Load: []intake.PlannedLoad{}, Compute: []PlannedStep{}}
	if pin, err := site.Store.Pinned(); err != nil {
		return nil, err
	} else if pin != nil && publish.Released(b.Decisions, pin) == nil {
		plan.Notes = append(plan.Notes, fmt.Sprintf("version %s is pinned (%s, %s): nothing will be published", pin.Version, pin.Who, pin.Reason))
	}
	if st, err := site.Store.ReadStatus(); err == nil && st != nil && st.Blocked != nil && st.Blocked.Approve != "" {
		plan.Notes = append(plan.Notes, fmt.Sprintf("run %s waits for approval: inbeeld approve %s --reason …", st.Blocked.Approve, st.Blocked.Approve))
	}
	if _, lacks, err := o.SpaceShortage(); err != nil {
		return nil, err
	} else if lacks != "" {
		plan.Notes = append(plan.Notes, lacks+"; it will not begin")
	}
	expected, err := b.PlanLoads(ctx, true)
	if err != nil {
		return nil, err
	}
	plan.Load, plan.Notes = append(plan.Load, expected.Loads...), append(plan.Notes, expected.Notes...)
	notes, err := b.PlanExpiry()
	if err != nil {
		return nil, err
	}
	plan.Notes = append(plan.Notes, notes...)
	if upToDate, _ := site.UpToDate(b); len(plan.Load) == 0 && upToDate && !fresh {
		plan.NothingToDo = true
		return plan, nil
	}
	g, err := graph.Open(ctx, b.Project)
	if err != nil {
		return nil, err
	}
	return plan, plan.addSteps(b, site, g, fresh)
}

// addSteps adds the results to compute.
func (p *Plan) addSteps(b *intake.Book, site *publish.Site, bound *graph.Graph, fresh bool) error {
	g := transform.NewResolver(b.Path, bound, b.State(), b.Loads, fresh)
	if err := g.FingerprintMeta(g.MetaRows(b.InScope())); err != nil {
		return err
	}
	g.PlanSteps(false)
	g.Meta[graph.Findings] = g.FindingsFingerprint()
	g.PlanSteps(true)
	if g.Err != nil {
		return g.Err
	}
	memory := transform.ReadMemory(b.Path)
	_, manifest, err := site.Store.Current()
	if err != nil {
		manifest = nil
	}
	if manifest != nil {
		p.Redefined = site.Publish.Redefinitions(bound, manifest)
	}
	for _, s := range g.Order {
		if s.Done() {
			p.Reused++
			continue
		}
		p.Compute = append(p.Compute, PlannedStep{Query: s.Node.Name, Peildatum: s.Peildatum, Why: why(g, s, memory, manifest, p.Load)})
	}
	for _, all := range g.All {
		for _, part := range all {
			if part.Bundle != "" {
				p.Reused++
			}
		}
	}
	slices.SortFunc(p.Compute, func(x, y PlannedStep) int {
		return cmp.Or(cmp.Compare(x.Query, y.Query), cmp.Compare(x.Peildatum, y.Peildatum))
	})
	return nil
}

// why says why a step has no stored result.
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
		planned := slices.ContainsFunc(loads, func(l intake.PlannedLoad) bool { return l.Source == d.Source && l.Delivery == d.ID })
		if published != nil && !slices.ContainsFunc(published.Deliveries, func(p mart.Delivery) bool { return p.Source == d.Source && p.ID == d.ID }) || planned {
			deliveries = append(deliveries, d.Source+" "+d.ID)
		}
	}
	if len(deliveries) > 0 {
		return "new delivery: " + strings.Join(slices.Compact(deliveries), ", ")
	}
	return "other deliveries in force"
}
