package audit

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// BacktestOptions is a check file to judge on stored stands.
type BacktestOptions struct {
	File string // its path, for faults
	Text []byte
	// Table is the table of the rules, as schema.table; "" means that the file name says it.
	Table string
	// Last limits the backtest to the last peildata of each table; 0 means all.
	Last int
}

// An Alert is a finding that differs from the one on the previous peildatum.
type Alert struct {
	Check     string `json:"check"`
	Peildatum string `json:"peildatum"`
	Group     string `json:"groep"`
	State     string `json:"toestand"` // nieuw, erger, beter, opgelost
	Ernst     string `json:"ernst"`
	Value     string `json:"waarde,omitempty"` // with a decimal point; "" if there is none
	Limit     string `json:"drempel,omitempty"`
	Text      string `json:"uitleg"`
}

// A Backtest is the alerts that a check file would have raised.
type Backtest struct {
	// Peildata are the dates on which the rules were judged, oldest first.
	Peildata []string `json:"peildata"`
	Alerts   []Alert  `json:"alerts"` // by check, peildatum, group
	// Counts of alerts by check and group, the noisiest first.
	Counts []AlertCount `json:"counts"`
}

// An AlertCount is the number of alerts of a check and group.
type AlertCount struct {
	Check string `json:"check"`
	Group string `json:"groep"`
	Count int    `json:"count"`
}

// Try judges the rules of one file on the stored stands, in order, instead of those of the project. It
// writes nothing and takes no lock. Faults of the file are projectfile.Faults.
func Try(ctx context.Context, o intake.Scope, b BacktestOptions) (*Backtest, error) {
	rules, faults, err := b.rules()
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, faults
	}
	for _, r := range rules {
		if r.Kind == rule.Freshness {
			return nil, usage.Errorf("%s:%d: %s is judged by the clock of a run, so it cannot be tried on earlier dates; leave it out of the file", r.Path, r.Line, r.Name)
		}
	}
	book, err := o.Open()
	if err != nil {
		return nil, err
	}
	book.Project.Rules, book.Project.Files[b.File] = rules, b.Text
	g, err := graph.Open(ctx, book.Project)
	if err != nil {
		return nil, err
	}
	result := &Backtest{}
	return result, Rejudge(ctx, book, g, rules, b.Last, func(ctx context.Context, c *transform.Engine) error {
		all, first := judgedSince(c, b.Last)
		if len(all) == 0 {
			return usage.Errorf("no delivery yet for the tables of %s; start with: inbeeld run --data %s", b.File, o.Path)
		}
		*result = Backtest{Peildata: all, Alerts: []Alert{}, Counts: []AlertCount{}}
		return result.fill(ctx, c.Session(0), first)
	})
}

var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$`)

// rules parses the file as the checks of its table.
func (b BacktestOptions) rules() ([]rule.Rule, projectfile.Faults, error) {
	name := filepath.ToSlash(b.File)
	if b.Table != "" {
		if !tableName.MatchString(b.Table) {
			return nil, nil, usage.Errorf("--table %q is not a table; write schema.table", b.Table)
		}
		base, ext := path.Base(name), path.Ext(name)
		name = b.Table + ext
		if ext == ".sql" {
			stem := strings.TrimSuffix(base, ext)
			name = b.Table + "." + stem[strings.LastIndexByte(stem, '.')+1:] + ext
		}
	}
	rules, faults := rule.ParseFile(name, b.Text)
	for i := range faults {
		faults[i].Path = b.File
		if strings.Contains(faults[i].Message, "the file name has no table") && b.Table == "" {
			faults[i].Hint += ", or say which table with --table"
		}
	}
	for i := range rules {
		rules[i].Path = b.File
	}
	if len(rules) == 0 && len(faults) == 0 {
		return nil, nil, usage.Errorf("%s contains no check", b.File)
	}
	return rules, faults, nil
}

// judgedSince returns the dates of the last stands of all checks, and the first date of each check.
func judgedSince(c *transform.Engine, last int) (all []string, first map[string]string) {
	first = map[string]string{}
	for _, n := range c.Graph.Checks {
		dates := c.Resolver.Stands(n)
		if n.Per == graph.PerNone {
			dates = []string{c.Resolver.VerdictDate(n, "")}
		}
		if last > 0 && len(dates) > last {
			dates = dates[len(dates)-last:]
		}
		if len(dates) == 0 || dates[0] == "" {
			continue
		}
		for _, id := range n.Check.Query.Checks {
			first[id] = dates[0]
		}
		all = append(all, dates...)
	}
	slices.Sort(all)
	return slices.Compact(all), first
}

// fill adds the alerts on the dates of each check.
func (b *Backtest) fill(ctx context.Context, s *duck.Session, first map[string]string) error {
	changes, err := transform.Findings(ctx, s, `from memory.meta.bevindingen_alle where toestand in ('nieuw', 'erger', 'beter', 'opgelost') order by "check", peildatum, groep`)
	if err != nil {
		return err
	}
	for _, v := range changes {
		if v.Peildatum < first[v.Check] {
			continue
		}
		b.Alerts = append(b.Alerts, Alert{Check: v.Check, Peildatum: v.Peildatum, Group: v.Group, State: v.State, Ernst: string(v.Ernst), Value: decimal(v.Value), Limit: decimal(v.Limit), Text: v.Explanation})
		i := slices.IndexFunc(b.Counts, func(n AlertCount) bool { return n.Check == v.Check && n.Group == v.Group })
		if i < 0 {
			i = len(b.Counts)
			b.Counts = append(b.Counts, AlertCount{Check: v.Check, Group: v.Group})
		}
		b.Counts[i].Count++
	}
	slices.SortStableFunc(b.Counts, func(x, y AlertCount) int { return y.Count - x.Count })
	return nil
}
