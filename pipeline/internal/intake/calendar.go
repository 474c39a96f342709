package intake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/project"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// An Expectation says when the next delivery of a source is due, and whether it is late today.
type Expectation struct {
	Source      string `json:"source"`
	Description string `json:"description"`
	Supplier    string `json:"supplier"`
	// State is "" for a source without a rhythm, and for an optional source that has never been delivered.
	State judge.DueState `json:"state,omitempty"`
	// Last is the last peildatum in force, or "", and Received when it was taken in.
	Last     string    `json:"last,omitempty"`
	Received time.Time `json:"received,omitzero"`
	// Due is the next expected peildatum, Until the last day on which it is not late.
	Due   string `json:"due,omitempty"`
	Until string `json:"until,omitempty"`
	// Early reports that the last two peildata are closer together than the rhythm minus its grace.
	Early bool `json:"early,omitempty"`
	// Repeated is when a later run found the same file again, or zero.
	Repeated time.Time `json:"repeated,omitzero"`
	// Refused is the file name of the newest delivery if it is refused.
	Refused string `json:"refused,omitempty"`
}

// recentRuns is how many runs are searched for repeated files.
const recentRuns = 100

// Calendar returns the expectation of every source of the project, by the clock of the scope and by the
// definition that the checks use. It reads no database, writes nothing, and takes no lock.
func Calendar(p *project.Project, o Scope) ([]Expectation, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	b := &Book{Dir: o.Dir, Asof: o.Asof, Retain: o.Retain, Project: p}
	if err := b.ReadDeliveries(); err != nil {
		return nil, err
	}
	repeats, err := lastRepeats(ledger.Ledger{Dir: filepath.Join(o.Path, "runs")})
	if err != nil {
		return nil, err
	}
	today := b.Today()
	state := b.State()
	list := []Expectation{}
	for _, c := range b.Project.Contracts {
		e := Expectation{Source: c.Name, Description: c.Description, Supplier: c.Supplier}
		dates := state.Peildata(c.Name)
		var last time.Time
		if len(dates) > 0 {
			e.Last = dates[len(dates)-1]
			if last, err = time.Parse(time.DateOnly, e.Last); err != nil {
				return nil, err
			}
			d, _ := state.InForce(c.Name, e.Last)
			e.Received = d.Newest().Landed
		}
		if c.Every > 0 {
			e.State = judge.Due{Every: c.Every, Grace: c.Grace}.State(last, today)
			if e.State == judge.Never && !b.hasFreshnessRule(c.Name) {
				e.State = "" // it is optional
			}
			if !last.IsZero() {
				e.Due, e.Until = last.Add(c.Every).Format(time.DateOnly), last.Add(c.Every+c.Grace).Format(time.DateOnly)
			}
			if len(dates) > 1 {
				before, err := time.Parse(time.DateOnly, dates[len(dates)-2])
				e.Early = err == nil && last.Sub(before) < c.Every-c.Grace
			}
		}
		if at := repeats[c.Name]; at.After(e.Received) {
			e.Repeated = at
		}
		e.Refused = newestRefused(b.InScope(), state, c.Name)
		list = append(list, e)
	}
	return list, nil
}

// lastRepeats returns, by source, when a run last found the same file again.
func lastRepeats(runs ledger.Ledger) (map[string]time.Time, error) {
	ids, err := runs.IDs()
	if err != nil {
		return nil, err
	}
	last := map[string]time.Time{}
	for _, id := range ids[max(0, len(ids)-recentRuns):] {
		run, err := runs.Read(id)
		if err != nil {
			continue // a damaged run report says nothing about deliveries
		}
		for _, f := range run.Repeated {
			if run.Started.After(last[f.Source]) {
				last[f.Source] = run.Started
			}
		}
	}
	return last, nil
}

// newestRefused returns the file name of the newest delivery of a source if it is refused, or "".
func newestRefused(known []delivery.Delivery, state delivery.State, source string) string {
	var newest delivery.Delivery
	for _, d := range known {
		if d.Source == source && (newest.ID == "" || d.Newest().Sequence > newest.Newest().Sequence) {
			newest = d
		}
	}
	if s, ok := state.Standing(source, newest.ID); ok && s.Status == delivery.Geweigerd {
		return newest.Newest().File
	}
	return ""
}

// A Waiting file is in an inbox folder and matches the contract of a source.
type Waiting struct {
	Source, File string
	Size         int64
	Modified     time.Time
}

// Inbox lists the waiting files of the named sources, or of all sources if only is empty.
func Inbox(ctx context.Context, p *project.Project, data string, only []string) ([]Waiting, error) {
	var waiting []Waiting
	for _, c := range p.Contracts {
		if c.Dir == "" || len(only) > 0 && !slices.Contains(only, c.Name) {
			continue
		}
		dir := filepath.Join(data, filepath.FromSlash(c.Dir))
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found, err := place.Directory{Path: dir}.List(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if _, ok, err := c.Peildatum(f.Name); ok && err == nil && f.Ignored == "" {
				waiting = append(waiting, Waiting{Source: c.Name, File: f.Name, Size: f.Size, Modified: f.Modified})
			}
		}
	}
	return waiting, nil
}

// hasFreshnessRule reports whether a check requires a source to be delivered.
func (b *Book) hasFreshnessRule(source string) bool {
	return slices.ContainsFunc(b.Project.Rules, func(r rule.Rule) bool {
		return r.Kind == rule.Freshness && r.Schema == "raw" && r.Table == source
	})
}

// Today returns the date of the clock as midnight UTC.
func (b *Book) Today() time.Time {
	year, month, day := b.Now().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
