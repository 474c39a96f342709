package pipeline

import (
	"inbeeld/pipeline/internal/graph"
)

// publishing are the marts that a run publishes.
func (r *runner) publishing() []*graph.Query {
	var marts []*graph.Query
	for _, n := range r.bound.Order {
		if n.Model.Schema == "marts" && (!n.Model.Intern || r.Intern) {
			marts = append(marts, n)
		}
	}
	return marts
}
