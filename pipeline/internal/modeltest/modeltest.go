package modeltest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// A TestReport is how the cases of a project went.
type Report struct {
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
func (r Report) Failed() int {
	n := len(r.Without)
	for _, c := range r.Results {
		if c.Failure != "" {
			n++
		}
	}
	return n
}

// TestOptions choose what TestModels does.
type Options struct {
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
func Run(ctx context.Context, b *graph.Graph, o Options) (report Report, err error) {
	selected, err := selectModels(b, o.Select)
	if err != nil {
		return Report{}, err
	}
	files, faults := ReadCases(b, func(model string) bool { return selected[model] })
	if len(faults) > 0 {
		return Report{}, faults
	}
	var trials []*CaseRun
	tested := map[string]bool{}
	for _, f := range files {
		n := b.ByName[f.Model]
		tested[f.Model] = true
		for _, c := range f.Cases {
			trials = append(trials, &CaseRun{Node: n, Text: n.Text, File: f, ModelCase: c})
		}
	}
	if err := RunCases(ctx, b, trials, o.Workers); err != nil {
		return Report{}, err
	}
	for _, t := range trials {
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
		report.Updated, err = updateCases(o.Update, trials)
	}
	return report, err
}

// selected are the models that a name or pattern means.
func selectModels(b *graph.Graph, pattern string) (map[string]bool, error) {
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

// A Trial is one case on one text of its model, and what came of it.
type CaseRun struct {
	*ModelCase
	File *caseFile
	Node *graph.Query
	Text string // of the model

	Failure string
	Got     [][]*string // the result in the columns of expect, nil when there is none
	pairs   []pair
	ordered bool
}

// Try runs trials side by side on one database.
func RunCases(ctx context.Context, b *graph.Graph, trials []*CaseRun, workers int) (err error) {
	db, err := duck.Open(ctx, duck.Settings{Closed: true, Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	workers = max(1, min(workers, len(trials)))
	benches := make([]*Sandbox, workers)
	defer func() {
		for _, w := range benches {
			if w != nil {
				err = errors.Join(err, w.Session.Close())
			}
		}
	}()
	for i := range benches {
		if benches[i], err = NewSandbox(ctx, db, b, i); err != nil {
			return err
		}
	}
	found := make([]projectfile.Faults, len(trials)) // each written by one task
	var tasks []*parallel.Task
	for i, t := range trials {
		tasks = append(tasks, &parallel.Task{Name: t.Node.Name + "/" + t.name, Run: func(ctx context.Context, worker int) error {
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
