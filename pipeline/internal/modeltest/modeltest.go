package modeltest

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// A Report contains the results of cases.
type Report struct {
	// Results are in the order of files and cases.
	Results []CaseResult `json:"results"`
	// Without lists the models without a case, by name.
	Without []string `json:"without_case,omitempty"`
	// Updated lists the files that were rewritten.
	Updated []string `json:"updated,omitempty"`
}

// A CaseResult is the result of one case.
type CaseResult struct {
	Model string `json:"model"`
	Case  string `json:"case"`
	Rule  string `json:"rule"`
	Path  string `json:"path"`
	Line  int    `json:"line"`
	// Failure describes the differences in several lines; "" if the case passed.
	Failure string `json:"failure,omitempty"`
}

// Failed counts failed cases and models without a case.
func (r Report) Failed() int {
	n := len(r.Without)
	for _, c := range r.Results {
		if c.Failure != "" {
			n++
		}
	}
	return n
}

// Options select what Run does.
type Options struct {
	// Select is a model ("marts.trechter") or a pattern ("marts.*"); empty means all models.
	Select string
	// Workers is how many cases run in parallel, at least 1.
	Workers int
	// Update is a project folder in which results replace wrong expectations; empty means none.
	Update string
}

// Run runs the cases of the selected models. The error is projectfile.Faults if a case is invalid, and
// *usage.Error if no model matches.
func Run(ctx context.Context, b *graph.Graph, o Options) (report Report, err error) {
	selected, err := selectModels(b, o.Select)
	if err != nil {
		return Report{}, err
	}
	files, faults := ReadCases(b, func(model string) bool { return selected[model] })
	if len(faults) > 0 {
		return Report{}, faults
	}
	var runs []*CaseRun
	tested := map[string]bool{}
	for _, f := range files {
		n := b.ByName[f.Model]
		tested[f.Model] = true
		for _, c := range f.Cases {
			runs = append(runs, &CaseRun{Node: n, Text: n.Text, File: f, ModelCase: c})
		}
	}
	if err := RunCases(ctx, b, runs, o.Workers); err != nil {
		return Report{}, err
	}
	for _, t := range runs {
		report.Results = append(report.Results, CaseResult{
			Model: t.Node.Name, Case: t.name, Rule: t.rule, Path: t.File.path, Line: t.line, Failure: t.Failure,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(selected)) {
		if !tested[name] {
			report.Without = append(report.Without, name)
		}
	}
	if o.Update != "" {
		report.Updated, err = updateCases(o.Update, runs)
	}
	return report, err
}

// selectModels returns the models that match a name or pattern.
func selectModels(b *graph.Graph, pattern string) (map[string]bool, error) {
	selected := map[string]bool{}
	for _, name := range b.ModelNames() {
		match, err := path.Match(pattern, name)
		if err != nil {
			return nil, usage.Errorf("%q is not a pattern; write <layer>.<name>, or marts.* for a layer", pattern)
		}
		if match || pattern == "" {
			selected[name] = true
		}
	}
	if len(selected) > 0 || pattern == "" {
		return selected, nil
	}
	hint := projectfile.DidYouMean(pattern, b.ModelNames())
	if hint != "" {
		hint = "; " + hint
	}
	return nil, usage.Errorf("there is no model %q%s", pattern, hint)
}

// A CaseRun is one case on one text of its model, with the result.
type CaseRun struct {
	*ModelCase
	File *caseFile
	Node *graph.Query
	Text string // of the model

	Failure string
	Got     [][]*string // the result in the columns of expect; nil if the model failed
	pairs   []pair
	ordered bool // the model has an ORDER BY
}

// RunCases runs cases in parallel on one database.
func RunCases(ctx context.Context, b *graph.Graph, runs []*CaseRun, workers int) (err error) {
	db, err := duck.Open(ctx, duck.Settings{Closed: true, Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	workers = max(1, min(workers, len(runs)))
	sandboxes := make([]*Sandbox, workers)
	defer func() {
		for _, s := range sandboxes {
			if s != nil {
				err = errors.Join(err, s.Session.Close())
			}
		}
	}()
	for i := range sandboxes {
		if sandboxes[i], err = NewSandbox(ctx, db, b, i); err != nil {
			return err
		}
	}
	found := make([]projectfile.Faults, len(runs)) // each written by one task
	var tasks []*parallel.Task
	for i, t := range runs {
		tasks = append(tasks, &parallel.Task{Name: t.Node.Name + "/" + t.name, Run: func(ctx context.Context, worker int) error {
			err := sandboxes[worker].run(ctx, t)
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
