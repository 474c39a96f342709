package audit

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ruletext"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
)

// ExplainOptions select a check.
type ExplainOptions struct {
	// Check is the id of the check, or its name if that is unique, optionally followed by @ and a group.
	Check string
	// Keys includes keys of failing rows. Keys of persons are pseudonyms.
	Keys bool
}

// An Explanation is a check with its verdict on one group, or a list of its groups.
type Explanation struct {
	Check  string   `json:"check"`
	Table  string   `json:"tabel"`
	What   string   `json:"controle"` // Dutch
	Notify []string `json:"meldt_aan"`
	// Groups are those on the last peildatum, worst first; nil if Verdict explains one group.
	Groups  []ExplainedGroup  `json:"groepen,omitempty"`
	Verdict *ExplainedVerdict `json:"oordeel,omitempty"`

	rule rule.Rule
	data string
}

// An ExplainedGroup is the verdict on one group in brief.
type ExplainedGroup struct {
	Group string `json:"groep"`
	Ernst string `json:"ernst"`
	State string `json:"toestand,omitempty"`
	Value string `json:"waarde,omitempty"` // with a decimal point
}

// An ExplainedVerdict is the verdict on one group, with its limits, history and rows.
type ExplainedVerdict struct {
	ExplainedGroup
	Peildatum string   `json:"peildatum,omitempty"`
	Since     string   `json:"sinds,omitempty"` // first peildatum of this ernst in a row; "" for freshness
	Text      string   `json:"uitleg"`
	Limits    []string `json:"grens"`    // Dutch: the limits in force, and how they were computed
	Trend     []Moment `json:"verloop"`  // newest last
	Action    string   `json:"actie"`    // Dutch: what to do
	Query     string   `json:"query"`    // shows the rows, in a shell on the peildatum; "" if there are none
	KeyCount  int      `json:"sleutels"` // number of stored keys of failing rows
	StoredIn  string   `json:"bewaard_in,omitempty"`
	// Keys are some of them, if ExplainOptions.Keys is set.
	Keys [][]string `json:"voorbeelden,omitempty"`
}

// A Moment is the verdict on a group on one peildatum; numbers have a decimal point.
type Moment struct {
	Peildatum string `json:"peildatum"`
	Value     string `json:"waarde,omitempty"`
	Teller    string `json:"teller,omitempty"`
	Noemer    string `json:"noemer,omitempty"`
	Ernst     string `json:"ernst"`
}

const (
	trendLength = 8
	shownKeys   = 10
)

// Explain explains the last verdict of a check. A check that changed since the last run is judged again. It
// takes no lock; it writes only a line in the processing log, if it shows keys.
func Explain(ctx context.Context, o intake.Scope, of ExplainOptions) (*Explanation, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	g, err := graph.Open(ctx, b.Project)
	if err != nil {
		return nil, err
	}
	e, err := ExplainCheck(ctx, b, g, of)
	if err == nil && e.Verdict != nil && len(e.Verdict.Keys) > 0 {
		err = datadir.Record(o.Dir, "explain "+e.Check+" --keys", datadir.PurposeLook, map[string]int64{"keys": int64(len(e.Verdict.Keys))})
	}
	return e, err
}

// ExplainCheck explains a check of an open project, without the processing log.
func ExplainCheck(ctx context.Context, b *intake.Book, g *graph.Graph, of ExplainOptions) (*Explanation, error) {
	name, group, grouped := strings.Cut(of.Check, "@")
	r, err := g.FindRule(name)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Check: r.ID(), Table: r.Schema + "." + r.Table, What: r.Description, Notify: append([]string{}, r.Notify...), rule: r, data: b.Path}
	if e.What == "" {
		e.What = ruletext.Render("kind", r) + "."
	}
	if r.Kind == rule.Freshness {
		if grouped && group != "alle" {
			return nil, usage.Errorf("%s has no group %q; leave it out", r.ID(), group)
		}
		return e, e.fillAge(b, g)
	}
	err = Rejudge(ctx, b, g, []rule.Rule{r}, 0, func(ctx context.Context, c *transform.Engine) error {
		found, err := transform.Findings(ctx, c.Session(0), "from memory.meta.bevindingen_alle order by groep, peildatum")
		h := checkHistory(found)
		if err != nil {
			return err
		}
		if e.Groups = h.groups(); !grouped {
			if len(e.Groups) != 1 {
				return nil
			}
			group = e.Groups[0].Group
		}
		verdict, err := h.of(group)
		if err != nil {
			return usage.Errorf("%s %v", r.ID(), err)
		}
		e.Groups = nil
		return e.fill(c, verdict, h, of.Keys)
	})
	return e, err
}

// fillAge explains a freshness check.
func (e *Explanation) fillAge(b *intake.Book, g *graph.Graph) error {
	v, last, err := judgeAge(b, g, e.rule)
	if err != nil {
		return err
	}
	limits := limitLines(e.rule, e.rule.Limits)
	if e.rule.Severity != "" {
		limits = []string{ruletext.Render("agreed", v.Limit)}
	}
	e.Verdict = &ExplainedVerdict{
		ExplainedGroup: ExplainedGroup{Group: v.Group, Ernst: string(v.Ernst), Value: decimal(v.Value)},
		Text:           v.Explanation, Trend: []Moment{}, Limits: limits, Action: actionOf(e.rule, string(v.Ernst), v.Action),
	}
	if !last.IsZero() {
		e.Verdict.Peildatum = last.Format(time.DateOnly)
	}
	return nil
}

// fill explains one verdict.
func (e *Explanation) fill(c *transform.Engine, v judge.Verdict, h checkHistory, keys bool) error {
	on, err := time.Parse(time.DateOnly, v.Peildatum)
	if err != nil {
		return err
	}
	e.Verdict = &ExplainedVerdict{
		ExplainedGroup: groupOf(v), Peildatum: v.Peildatum, Since: v.Since, Text: v.Explanation, Query: v.Query,
		Trend: h.trend(v.Group, trendLength), Action: actionOf(e.rule, string(v.Ernst), v.Action), KeyCount: len(v.Keys),
	}
	limits, own := e.rule.LimitsOf(v.Group, on)
	e.Verdict.Limits = limitLines(e.rule, limits)
	if own {
		e.Verdict.Limits = append(e.Verdict.Limits, ruletext.Render("override", override{Group: v.Group, Limits: e.rule.Overrides[v.Group]})+".")
	}
	for _, n := range c.Graph.Checks {
		if !slices.Contains(n.Check.Query.Checks, e.Check) {
			continue
		}
		e.Verdict.StoredIn = path.Join("stand", n.Name)
		for _, stand := range comparedWith(e.rule, limits) {
			date := c.Resolver.Earlier(n, v.Peildatum, stand == rule.Year)
			e.Verdict.Limits = append(e.Verdict.Limits, ruletext.Render("madeof", madeOf{Rule: e.rule, Stand: stand, Date: date, Then: momentOf(h.on(v.Group, date)), Now: momentOf(v), Limit: decimal(v.Limit), Change: changing(limits)})+".")
		}
	}
	if a := e.rule.Acceptance(v.Group, on); a != nil {
		e.Verdict.Limits = append(e.Verdict.Limits, ruletext.Render("acceptance", *a))
	}
	if len(v.Keys) == 0 {
		e.Verdict.StoredIn = ""
	}
	if !keys {
		return nil
	}
	for _, key := range v.Keys[:min(shownKeys, len(v.Keys))] {
		var texts []string
		for _, part := range key {
			texts = append(texts, duck.Text(part))
		}
		e.Verdict.Keys = append(e.Verdict.Keys, texts)
	}
	return nil
}

// comparedWith returns the earlier stands that a rule compares with under these limits.
func comparedWith(r rule.Rule, limits rule.Limits) []rule.Stand {
	stands := []rule.Stand{}
	if r.Versus != "" {
		stands = append(stands, r.Versus)
	}
	for _, l := range []*rule.Limit{limits.Warn, limits.Alarm, limits.Block} {
		if l != nil && l.Versus != "" && !slices.Contains(stands, l.Versus) {
			stands = append(stands, l.Versus)
		}
	}
	return stands
}

// changing reports whether one of the limits is relative to an earlier stand.
func changing(limits rule.Limits) bool {
	return slices.ContainsFunc([]*rule.Limit{limits.Warn, limits.Alarm, limits.Block}, func(l *rule.Limit) bool { return l != nil && l.Change != "" })
}
