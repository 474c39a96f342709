package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// Model tests. A case gives rows to the tables that one model reads and says which rows come out; it
// runs on the model's own text, in memory. The cases of table <schema>.<name> are the archive
// sql/tests/<schema>.<name>.txtar:
//
//	-- afronding --
//	rule: Profieldekking wordt naar boven afgerond bij precies de helft.
//	peildatum: 2020-12-31
//	-- afronding/core.klanten.csv --
//	gemeentecode;gemeente;klant_van;heeft_klantprofiel
//	GM0376;Blaricum;GEMEENTE;true
//	-- afronding/expect.csv --
//	gemeentecode;klant_van;dekking_pct
//	GM0376;GEMEENTE;100.0
//
// A section with the name of a case opens it: rule says what the case shows, peildatum is there for
// models that run per peildatum and for no other. Then come the tables that the model reads (raw, ref,
// meta, other models, <model>__vorige) and expect.csv, in any order.
//
// In a table lines that begin with # and blank lines are comment, spaces around a cell do not count,
// and a line may close with a ; of its own. An empty cell is NULL, "" is empty text; quotes also keep
// spaces and ; and are doubled inside. Values are those of DuckDB as text: true, 2020-12-31, 25.50.
//
// Columns that are left out are NULL in a table and not looked at in expect.csv; but the column
// peildatum of a model read by a per-peildatum model is the peildatum of the case. Tables that are left
// out are empty, but for reference tables, which are those of the project, and models that read only
// reference tables, which are computed. The order of rows counts only when the model has an ORDER BY.
// No two rows of the result may have the same grain.

// A TestReport is how the cases of a project went.
type TestReport struct {
	// Results are by file and by place in it.
	Results []CaseResult `json:"results"`
	// Without are the models that have no case, by name.
	Without []string `json:"without_case,omitempty"`
	// Updated are the files that were rewritten.
	Updated []string `json:"updated,omitempty"`
}

// A CaseResult is how one case went.
type CaseResult struct {
	Model string `json:"model"`
	Case  string `json:"case"`
	Rule  string `json:"rule"`
	Path  string `json:"path"`
	Line  int    `json:"line"`
	// Failure says what was not as expected, over several lines; "" when all was.
	Failure string `json:"failure,omitempty"`
}

// Failed counts cases that failed and models without a case.
func (r TestReport) Failed() int {
	n := len(r.Without)
	for _, c := range r.Results {
		if c.Failure != "" {
			n++
		}
	}
	return n
}

// TestOptions choose what TestModels does.
type TestOptions struct {
	// Select is a model ("marts.trechter") or a pattern ("marts.*"); empty is every model.
	Select string
	// Workers run cases side by side; at least 1.
	Workers int
	// Update is a project folder: what came out replaces what was expected in its files. Empty
	// changes nothing.
	Update string
}

// TestModels runs the cases of the models. The error is Faults when a case cannot be run as it is
// written, and *UsageError when no model is selected.
func (b *Bound) TestModels(ctx context.Context, o TestOptions) (report TestReport, err error) {
	selected, err := b.selected(o.Select)
	if err != nil {
		return TestReport{}, err
	}
	files, faults := b.readCases(func(model string) bool { return selected[model] })
	if len(faults) > 0 {
		return TestReport{}, faults
	}
	var trials []*trial
	tested := map[string]bool{}
	for _, f := range files {
		n := b.nodes[f.model]
		tested[f.model] = true
		for _, c := range f.cases {
			trials = append(trials, &trial{node: n, text: n.text, file: f, modelCase: c})
		}
	}
	if err := b.try(ctx, trials, o.Workers); err != nil {
		return TestReport{}, err
	}
	for _, t := range trials {
		report.Results = append(report.Results, CaseResult{
			Model: t.node.name, Case: t.name, Rule: t.rule, Path: t.file.path, Line: t.line, Failure: t.failure,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(selected)) {
		if !tested[name] {
			report.Without = append(report.Without, name)
		}
	}
	if o.Update != "" {
		report.Updated, err = updateCases(o.Update, trials)
	}
	return report, err
}

// selected are the models that a name or pattern means.
func (b *Bound) selected(pattern string) (map[string]bool, error) {
	selected := map[string]bool{}
	var names []string
	for _, m := range b.Models {
		name := m.FullName()
		names = append(names, name)
		match, err := path.Match(pattern, name)
		if err != nil {
			return nil, &usage.Error{Message: fmt.Sprintf("%q is no pattern; write <layer>.<name>, or marts.* for a layer", pattern)}
		}
		if match || pattern == "" {
			selected[name] = true
		}
	}
	if len(selected) > 0 || pattern == "" {
		return selected, nil
	}
	message := fmt.Sprintf("no model is called %q", pattern)
	if hint := projectfile.DidYouMean(pattern, names); hint != "" {
		message += "; " + hint
	}
	return nil, &usage.Error{Message: message}
}

// A trial is one case on one text of its model, and what came of it.
type trial struct {
	*modelCase
	file *caseFile
	node *node
	text string // of the model

	failure string
	got     [][]*string // the result in the columns of expect, nil when there is none
	pairs   []pair
	ordered bool
}

// try runs trials side by side on one database.
func (b *Bound) try(ctx context.Context, trials []*trial, workers int) (err error) {
	db, err := duck.Open(ctx, duck.Settings{Closed: true, Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	workers = max(1, min(workers, len(trials)))
	benches := make([]*bench, workers)
	defer func() {
		for _, w := range benches {
			if w != nil {
				err = errors.Join(err, w.session.Close())
			}
		}
	}()
	for i := range benches {
		if benches[i], err = newBench(ctx, db, b, i); err != nil {
			return err
		}
	}
	found := make([]projectfile.Faults, len(trials)) // each written by one task
	var tasks []*parallel.Task
	for i, t := range trials {
		tasks = append(tasks, &parallel.Task{Name: t.node.name + "/" + t.name, Run: func(ctx context.Context, worker int) error {
			err := benches[worker].run(ctx, t)
			if errors.As(err, &found[i]) {
				return nil
			}
			return err
		}})
	}
	if err := parallel.Run(ctx, workers, tasks); err != nil {
		return err
	}
	return slices.Concat(found...).Sorted().Err()
}
