package pipeline

import (
	"cmp"
	"slices"
	"time"
)

// A Window is a moment at which a schedule asks for a run.
type Window struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"` // in the zone of the schedule
}

// Windows are the first n windows from a moment on, of all schedules together.
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
