package publish

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sources/delivery"
)

// Gate compares a staged version with the published one, old. It holds the publication, with outcome
// Waiting, if published figures change beyond their limits; "" lets it pass. It reads only marts whose
// file changed and that have a changed definition or a budget.
func (s *Staged) Gate(ctx context.Context, e *transform.Engine, old *mart.Manifest, counts map[string]int64) (mart.Outcome, error) {
	var changes []*ledger.Change
	var tasks []*parallel.Task
	redefined := s.Site.Publish.Redefinitions(e.Graph, old)
	for _, f := range old.Files {
		i := slices.IndexFunc(s.Files, func(n mart.File) bool { return n.Path == f.Path })
		r := slices.IndexFunc(redefined, func(r Redefinition) bool { return r.Mart == f.Mart })
		change := &ledger.Change{Mart: f.Mart, Redefined: r >= 0, Rows: f.Rows}
		if change.Redefined {
			change.Causes, change.Gone = redefined[r].Causes, redefined[r].Gone
		}
		if i < 0 {
			if change.Gone {
				change.Removed = f.Rows
				changes = append(changes, change)
			}
			continue
		}
		change.Lost = lostColumns(f, s.Files[i])
		compare := !budgetOf(e.Graph, change).Unlimited() && s.Files[i].SHA256 != f.SHA256
		if !compare && len(change.Lost) == 0 {
			continue
		}
		changes = append(changes, change)
		if !compare {
			continue
		}
		counts["compared"]++
		tasks = append(tasks, &parallel.Task{Name: f.Mart, Run: func(ctx context.Context, worker int) error {
			return s.compare(ctx, e.Session(worker), f, s.Files[i], change)
		}})
	}
	if err := parallel.Run(ctx, e.Workers(), tasks); err != nil {
		return "", err
	}
	exceeded := false
	for _, change := range changes {
		change.Over = over(*change, budgetOf(e.Graph, change))
		exceeded = exceeded || len(change.Over) > 0
		if change.Redefined || len(change.Over) > 0 {
			s.Site.Run.Changes = append(s.Site.Run.Changes, *change)
		}
	}
	if !exceeded {
		return "", nil
	}
	return s.requireApproval(e, old), nil
}

// requireApproval holds the publication unless a person has approved exactly this one.
func (s *Staged) requireApproval(e *transform.Engine, old *mart.Manifest) mart.Outcome {
	digest := fingerprint.Of("hold", old.Set, mart.SetFingerprint(s.Files), s.inputs)
	if d := Approval(e.Book.Decisions, digest); d != nil {
		s.Site.Note("goedgekeurd door %s: %s", d.Who, d.Reason)
		return ""
	}
	m := s.manifest(e)
	s.Site.Run.Hold = &ledger.Hold{
		Digest: digest, Base: old.Run, Inputs: s.inputs, Redefined: s.heldDefinitions(old), Deliveries: DeliveriesNotIn(&m, old),
	}
	return mart.Waiting
}

// heldDefinitions returns a fingerprint of the changed definitions that hold the publication, or "" if
// there are none.
func (s *Staged) heldDefinitions(old *mart.Manifest) string {
	parts := []string{"redefined", old.Set}
	for _, change := range s.Site.Run.Changes {
		if !change.Redefined || len(change.Over) == 0 {
			continue
		}
		parts = append(parts, change.Mart)
		for _, f := range s.Files {
			if f.Mart == change.Mart {
				parts = append(parts, f.Definition)
			}
		}
	}
	if len(parts) == 2 {
		return ""
	}
	return fingerprint.Of(parts...)[:12]
}

// Approval returns the decision that approves the held publication with a digest, or nil.
func Approval(decisions []delivery.Decision, digest string) *delivery.Decision {
	for _, d := range decisions {
		if d.Kind == delivery.Approve && d.Held != nil && d.Held.Digest == digest {
			return &d
		}
	}
	return nil
}

// compare fills in how the staged file of a mart differs from the published one.
func (s *Staged) compare(ctx context.Context, session *duck.Session, from, to mart.File, into *ledger.Change) error {
	path := filepath.Join(s.Site.Store.Dir, "current", filepath.FromSlash(from.Path))
	if !hasSHA256(ctx, path, from.SHA256) {
		into.Damaged = true
		return nil
	}
	if !slices.Equal(from.Grain, to.Grain) { // rows cannot be matched
		into.Removed, into.Added = from.Rows, to.Rows
		return nil
	}
	d := newComparison(from, to)
	row, err := session.Row(ctx, d.query(path, filepath.Join(s.Dir, filepath.FromSlash(to.Path))))
	if err != nil {
		return fmt.Errorf("compare %s with the published version: %w", from.Mart, err)
	}
	d.read(row, into)
	return nil
}

// lostColumns returns the published columns that the new file lacks.
func lostColumns(from, to mart.File) []string {
	var names []string
	for _, old := range from.Columns {
		if !slices.ContainsFunc(to.Columns, func(n mart.Column) bool { return n.Name == old.Name }) {
			names = append(names, old.Name)
		}
	}
	return names
}

// A Redefinition is a published mart that this project defines differently, or no longer.
type Redefinition struct {
	Mart string `json:"mart"`
	// Causes are the project files that changed, or "program"; empty if the mart is gone.
	Causes []string `json:"causes"`
	Gone   bool     `json:"gone,omitempty"`
}

// Redefinitions returns the published marts that this project defines differently.
func (s Settings) Redefinitions(g *graph.Graph, old *mart.Manifest) []Redefinition {
	var changed []Redefinition
	now := map[string]*graph.Query{}
	for _, n := range s.publishing(g) {
		now[graph.MartPath(n)] = n
	}
	for _, f := range old.Files {
		switch n := now[f.Path]; {
		// Without Intern, a person-level mart is left out, not removed from the project.
		case n == nil && (!f.Intern || s.Intern):
			changed = append(changed, Redefinition{Mart: f.Mart, Causes: []string{}, Gone: true})
		case n != nil && n.Basis.Version() != f.Definition:
			changed = append(changed, Redefinition{Mart: f.Mart, Causes: n.Basis.Causes(old)})
		}
	}
	return changed
}
