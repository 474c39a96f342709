package project

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
)

// ModelOfCase returns the model that a case file tests.
func ModelOfCase(file string) string { return strings.TrimSuffix(path.Base(file), ".txtar") }

// casesWithoutModel finds case files of models that do not exist.
func (p *Project) casesWithoutModel() projectfile.Faults {
	var faults projectfile.Faults
	names := make([]string, len(p.Models))
	for i, m := range p.Models {
		names[i] = m.FullName()
	}
	for _, file := range p.Cases {
		if name := ModelOfCase(file); !slices.Contains(names, name) {
			faults = append(faults, projectfile.Fault{Path: file, Message: "cases of model " + name + ", which does not exist", Hint: projectfile.DidYouMean(name, names)})
		}
	}
	return faults
}

// A Window is a time at which a schedule starts a run.
type Window struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"` // in the zone of the schedule
}

// Windows returns the first n windows of all schedules from a time on.
func (p *Project) Windows(from time.Time, n int) []Window {
	var all []Window
	for _, s := range p.Schedules {
		var own []time.Time
		for days := 1; len(own) < n && days <= 16*366; days *= 4 {
			own = s.Windows(from, from.AddDate(0, 0, days))
		}
		for _, at := range own[:min(n, len(own))] {
			all = append(all, Window{Schedule: s.Name, At: at.In(s.Zone)})
		}
	}
	slices.SortStableFunc(all, func(a, b Window) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Schedule, b.Schedule)) })
	return all[:min(n, len(all))]
}

// unknownSources finds schedules that watch a source without a contract.
func (p *Project) unknownSources() projectfile.Faults {
	var faults projectfile.Faults
	var names []string
	for _, c := range p.Contracts {
		names = append(names, c.Name)
	}
	for _, s := range p.Schedules {
		if s.Watch == nil {
			continue
		}
		for _, source := range s.Watch.Sources {
			if !slices.Contains(names, source) && !p.Faulty["raw."+source] {
				faults = append(faults, projectfile.Fault{
					Path: s.Path, Message: fmt.Sprintf("watch.sources: there is no source %q", source), Hint: projectfile.DidYouMean(source, names),
				})
			}
		}
	}
	return faults
}
