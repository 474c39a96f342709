package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"slices"
	"time"

	"inbeeld/checks"
)

// A finding is a verdict with its history: since is the first peildatum of this ernst in a row, last
// says whether it is about the last peildatum on which its check was judged.
type finding struct {
	checks.Verdict
	peildatum, since string
	last             bool
}

// measure runs the query of a check step and keeps its rows.
func (w *worker) measure(ctx context.Context, s *step, path string) error {
	rows, err := w.session.Rows(ctx, s.node.text)
	if err != nil {
		return err
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// judge reads what the check steps measured and gives every verdict, by check, group and peildatum.
func (g *ground) judge() ([]finding, error) {
	var all []finding
	for _, n := range g.bound.checks {
		rules := map[string]checks.Rule{}
		for _, r := range n.checking.rules {
			rules[r.ID()] = r
		}
		before := map[[2]string]finding{} // the verdicts of the preceding stand, by check and group
		stands := g.stands(n)
		for i, s := range stands {
			verdicts, err := judgeStep(s, rules, g.judgedOn(s))
			if err != nil {
				return nil, fmt.Errorf("judge %s: %w", n.name, err)
			}
			now := map[[2]string]finding{}
			for _, f := range verdicts {
				key := [2]string{f.Check, f.Group}
				f.since, f.last = f.peildatum, i == len(stands)-1
				if b, ok := before[key]; ok && b.Ernst == f.Ernst {
					f.since = b.since
				}
				now[key] = f
				all = append(all, f)
			}
			before = now
		}
	}
	slices.SortFunc(all, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Group, b.Group), cmp.Compare(a.peildatum, b.peildatum))
	})
	return all, nil
}

// judgedOn is the peildatum of the verdicts of a step: its own, or for tables without, the last one
// of the sources it reads (of all sources when it reads none).
func (g *ground) judgedOn(s *step) string {
	if s.peildatum != "" {
		return s.peildatum
	}
	if dates := g.peildata(s.node.sources); len(dates) > 0 {
		return dates[len(dates)-1]
	}
	return g.last()
}

func judgeStep(s *step, rules map[string]checks.Rule, peildatum string) ([]finding, error) {
	text, err := os.ReadFile(s.path)
	if err != nil {
		return nil, err
	}
	var rows [][]*string
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; remove it and run again", s.path, err)
	}
	measures, err := s.node.checking.query.Measures(rows)
	if err != nil {
		return nil, err
	}
	if peildatum == "" {
		return nil, nil // nothing was ever delivered
	}
	day, err := time.Parse(time.DateOnly, peildatum)
	if err != nil {
		return nil, err
	}
	findings := make([]finding, 0, len(measures))
	for _, m := range measures {
		rule, ok := rules[m.Check]
		if !ok {
			return nil, fmt.Errorf("the query measured %s, which is no rule of it", m.Check)
		}
		m.Peildatum = day
		findings = append(findings, finding{Verdict: rule.Judge(m), peildatum: peildatum})
	}
	return findings, nil
}

// blocks are the explanations of verdicts that withhold the publication, each once.
func blocks(findings []finding) []string {
	var why []string
	for _, f := range findings {
		if f.Ernst == checks.Blokkerend {
			why = append(why, fmt.Sprintf("%s (%s, %s): %s", f.Check, f.Group, f.peildatum, f.Explanation))
		}
	}
	return why
}

// latest are the findings on the last peildatum of their check.
func latest(findings []finding) []finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f finding) bool { return !f.last })
}

// rounded is a number as findings are published: percentages with one digit, others with two,
// rounded half up; nil stays NULL.
func rounded(r *big.Rat, percentage bool) *string {
	if r == nil {
		return nil
	}
	digits := 2
	if percentage {
		digits = 1
	}
	text := r.FloatString(digits) // rounds halves away from zero
	return &text
}

// findingRows are the rows of meta.bevindingen.
func findingRows(findings []finding) []map[string]any {
	rows := make([]map[string]any, len(findings))
	for i, f := range findings {
		rows[i] = map[string]any{
			"peildatum": f.peildatum, "check": f.Check, "groep": f.Group, "tabel": f.Table, "ernst": string(f.Ernst),
			"waarde": rounded(f.Value, f.Percentage), "drempel": rounded(f.Limit, false), "teller": rounded(f.Teller, false),
			"noemer": rounded(f.Noemer, false), "sinds": f.since, "uitleg": f.Explanation,
		}
	}
	return rows
}
