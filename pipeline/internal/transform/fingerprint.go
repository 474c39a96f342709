package transform

import (
	"fmt"
	"strings"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
)

// Fingerprint returns the fingerprint of a query on a peildatum.
func (r *Resolver) Fingerprint(n *graph.Query, peildatum string) string {
	if n.Per == graph.PerNone {
		return r.fullFingerprint(n)
	}
	parts := make([]string, 0, 4+3*len(n.Inputs))
	parts = append(parts, "stand", fingerprint.EngineVersion, n.Closure, peildatum)
	for _, in := range n.Inputs {
		parts = append(parts, r.inForce(in, peildatum)...)
	}
	return fingerprint.Of(parts...)
}

// fullFingerprint returns the fingerprint of a query without peildata: over everything it reads.
func (r *Resolver) fullFingerprint(n *graph.Query) string {
	if s, ok := r.steps[stepKey{n.Name, ""}]; ok {
		return s.fingerprint
	}
	parts := []string{"full", fingerprint.EngineVersion, n.Name, n.Definition()}
	if n.Check != nil {
		parts = append(parts, r.VerdictDate(n, ""))
	}
	for _, read := range n.Reads {
		parts = append(parts, fmt.Sprint(read.Kind), read.Name)
		switch read.Kind {
		case graph.ReadRaw:
			parts = append(parts, r.Force[read.Name].on("9999-12-31"))
		case graph.ReadRef:
			parts = append(parts, r.Bound.Reference(read.Name).Fingerprint())
		case graph.ReadMeta:
			parts = append(parts, r.Meta[read.Name])
		case graph.ReadModel, graph.ReadBefore, graph.ReadYear:
			parts = append(parts, r.unionFingerprint(r.Bound.ByName[read.Name]))
		}
	}
	return fingerprint.Of(parts...)
}

// unionFingerprint returns the fingerprint of all results of a query, bundled or not.
func (r *Resolver) unionFingerprint(n *graph.Query) string {
	parts := []string{"union"}
	for _, p := range r.parts(n) {
		if p.fingerprint != "" {
			parts = append(parts, p.fingerprint)
		}
	}
	return fingerprint.Of(parts...)
}

// VerdictDate returns the peildatum of the verdicts of a check query: the given one or, for tables
// without peildata, the last one of the sources it reads (of all sources if it reads none).
func (r *Resolver) VerdictDate(n *graph.Query, peildatum string) string {
	if peildatum != "" {
		return peildatum
	}
	if dates := r.Peildata(n.Sources); len(dates) > 0 {
		return dates[len(dates)-1]
	}
	return r.Last()
}

// yearFingerprint returns one fingerprint over the results of a query on the peildata of a year. It
// covers the same inputs as theirs, but works out once for all queries which deliveries are in force.
func (r *Resolver) yearFingerprint(n *graph.Query, dates []string) string {
	if n.Per == graph.PerNone {
		return fingerprint.Of("year", r.fullFingerprint(n))
	}
	parts := make([]string, 0, 3+len(n.Inputs))
	parts = append(parts, "year", fingerprint.EngineVersion, n.Closure)
	for _, in := range n.Inputs {
		parts = append(parts, r.inputYear(n, in, dates))
	}
	return fingerprint.Of(parts...)
}

// inputYear returns one fingerprint over dates and the delivery of an input in force on each.
func (r *Resolver) inputYear(n *graph.Query, in graph.Input, dates []string) string {
	name := append([]string{in.Source, dates[0], dates[len(dates)-1], fmt.Sprint(len(dates), in.Year)}, n.Peildata...)
	for _, via := range in.Via {
		name = append(name, "via", via.Name)
	}
	key := strings.Join(name, " ")
	if known, ok := r.years[key]; ok {
		return known
	}
	parts := make([]string, 0, 3*len(dates))
	for _, p := range dates {
		parts = append(parts, p)
		parts = append(parts, r.inForce(in, p)...)
	}
	r.years[key] = fingerprint.Of(parts...)
	return r.years[key]
}

// InputDate returns the peildatum on which an input is read for a peildatum, or "" if that is before
// the first.
func (r *Resolver) InputDate(in graph.Input, peildatum string) string {
	for i, via := range in.Via {
		if peildatum != "" {
			peildatum = r.Earlier(via, peildatum, in.Year && i == 0)
		}
	}
	return peildatum
}

// byYear groups sorted dates by year.
func byYear(dates []string) [][]string {
	var years [][]string
	for i, p := range dates {
		if i == 0 || len(p) < 4 || p[:4] != dates[i-1][:4] {
			years = append(years, nil)
		}
		years[len(years)-1] = append(years[len(years)-1], p)
	}
	return years
}
