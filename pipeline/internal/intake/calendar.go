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

// An Expectation is when the next delivery of a source is due, and where it stands today.
type Expectation struct {
	Source      string `json:"source"`
	Description string `json:"description"`
	Supplier    string `json:"supplier"`
	// State is "" for a source that says no rhythm, or need not come and never came.
	State judge.DueState `json:"state,omitempty"`
	// Last is the last peildatum in force, Received when it was taken in; "" and zero when there is none.
	Last     string    `json:"last,omitempty"`
	Received time.Time `json:"received,omitzero"`
	// Due is the day on which the next peildatum is expected, Until the last day on which it is not late.
	Due   string `json:"due,omitempty"`
	Until string `json:"until,omitempty"`
	// Early: the last peildatum was sooner behind the one before it than the rhythm less its grace.
	Early bool `json:"early,omitempty"`
	// Repeated is when the same file came again since then; zero when it did not.
	Repeated time.Time `json:"repeated,omitzero"`
	// Refused is the newest delivery, when it is refused.
	Refused string `json:"refused,omitempty"`
}

// lookBack is how many runs are asked whether a file came again.
const lookBack = 100

// Calendar tells of every source of the project when it is expected, by the clock of the options. It
// needs no run and no database, writes nothing, and takes no lock. A source is late by the definition
// of the checks.
func Calendar(p *project.Project, o Scope) ([]Expectation, error) {
	if err := datadir.Check(o.Path); err != nil {
		return nil, err
	}
	r := &Book{Dir: o.Dir, Asof: o.Asof, Retain: o.Retain, Project: p}
	if err := r.ReadDeliveries(); err != nil {
		return nil, err
	}
	repeats, err := repeated(ledger.Ledger{Dir: filepath.Join(o.Path, "runs")})
	if err != nil {
		return nil, err
	}
	today := r.Today()
	state := r.State()
	list := []Expectation{}
	for _, c := range r.Project.Contracts {
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
			if e.State == judge.Never && !r.judgedOnTime(c.Name) {
				e.State = "" // it may come, and need not
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
		e.Refused = newestRefused(r.InScope(), state, c.Name)
		list = append(list, e)
	}
	return list, nil
}

// repeated is per source when a run found the same file again for the last time.
func repeated(book ledger.Ledger) (map[string]time.Time, error) {
	ids, err := book.IDs()
	if err != nil {
		return nil, err
	}
	last := map[string]time.Time{}
	for _, id := range ids[max(0, len(ids)-lookBack):] {
		run, err := book.Read(id)
		if err != nil {
			continue // a damaged file says nothing about deliveries
		}
		for _, f := range run.Repeated {
			if run.Started.After(last[f.Source]) {
				last[f.Source] = run.Started
			}
		}
	}
	return last, nil
}

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

// A Waiting file lies in an inbox folder, where a contract expects it.
type Waiting struct {
	Source, File string
	Size         int64
	Modified     time.Time
}

// Inbox lists what lies in the inbox folders of the project for some sources, or for all when there are
// none named.
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

// judgedOnTime tells whether a check says that a source must come.
func (b *Book) judgedOnTime(source string) bool {
	return slices.ContainsFunc(b.Project.Rules, func(r rule.Rule) bool {
		return r.Kind == rule.Freshness && r.Schema == "raw" && r.Table == source
	})
}

// Today is the date of the clock, as midnight UTC.
func (b *Book) Today() time.Time {
	year, month, day := b.Now().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
