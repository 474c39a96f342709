package audit

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"inbeeld/checks/judge"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ruletext"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
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

// A checkHistory is every verdict of one check, by group and then from old to new.
type checkHistory []judge.Verdict

func groupOf(v judge.Verdict) ExplainedGroup {
	return ExplainedGroup{Group: v.Group, Ernst: string(v.Ernst), State: v.State, Value: decimal(v.Value)}
}

func momentOf(v judge.Verdict) Moment {
	return Moment{Peildatum: v.Peildatum, Value: decimal(v.Value), Teller: decimal(v.Teller), Noemer: decimal(v.Noemer), Ernst: string(v.Ernst)}
}

// decimal writes a number as published: with two digits; "" for nil.
func decimal(n *big.Rat) string {
	if n == nil {
		return ""
	}
	return n.FloatString(2)
}

// worst lists the values of ernst, worst first.
var worst = []string{"blokkerend", "alarm", "waarschuwing", "info", "geen_oordeel", "ok"}

// groups returns the groups on the last peildatum, the worst first.
func (h checkHistory) groups() []ExplainedGroup {
	groups := []ExplainedGroup{}
	for _, v := range h {
		if v.Last {
			groups = append(groups, groupOf(v))
		}
	}
	slices.SortStableFunc(groups, func(a, b ExplainedGroup) int {
		return cmp.Or(slices.Index(worst, a.Ernst)-slices.Index(worst, b.Ernst), cmp.Compare(a.Group, b.Group))
	})
	return groups
}

// of returns the last verdict on a group. The case of its name does not matter.
func (h checkHistory) of(group string) (judge.Verdict, error) {
	var names []string
	for _, v := range slices.Backward(h) {
		if strings.EqualFold(v.Group, group) {
			return v, nil
		}
		names = append(names, v.Group)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	hint := projectfile.DidYouMean(group, names)
	switch {
	case hint != "":
	case len(names) == 0:
		hint = "it has found nothing yet"
	default:
		hint = "known: " + strings.Join(names[:min(20, len(names))], ", ")
	}
	return judge.Verdict{}, fmt.Errorf("has no group %q; %s", group, hint)
}

// on returns the verdict on a group on a peildatum; its Peildatum is "" if there was none.
func (h checkHistory) on(group, peildatum string) judge.Verdict {
	for _, v := range h {
		if v.Group == group && v.Peildatum == peildatum {
			return v
		}
	}
	return judge.Verdict{}
}

// trend returns the last verdicts on a group, the newest last.
func (h checkHistory) trend(group string, length int) []Moment {
	moments := []Moment{}
	for _, v := range h {
		if v.Group == group {
			moments = append(moments, momentOf(v))
		}
	}
	return moments[max(0, len(moments)-length):]
}

//go:embed uitleg.tmpl
var textFiles embed.FS

// An override holds limits that apply to one group only.
type override struct {
	Group  string
	Limits rule.Limits
}

// madeOf is the earlier stand that a verdict was compared with.
type madeOf struct {
	Rule   rule.Rule
	Stand  rule.Stand
	Date   string // "" if there is none
	Then   Moment // its Peildatum is "" if the group had no verdict
	Now    Moment
	Limit  string
	Change bool // a limit was computed from it
}

// A doing selects the text about what to do.
type doing struct {
	Rule  rule.Rule
	Ernst string
}

// limitLines returns the limits of a rule in words, each a sentence.
func limitLines(r rule.Rule, limits rule.Limits) []string {
	lines := []string{}
	if r.Severity != "" {
		lines = append(lines, ruletext.Render("severity", r))
	}
	if text := ruletext.Render("limits", ruletext.RuleLimits{Rule: r, Limits: limits}); text != "" {
		lines = append(lines, text)
	}
	if r.MinDenominator != nil {
		lines = append(lines, ruletext.Render("minimum", r.MinDenominator))
	}
	for i, text := range lines {
		lines[i] = dutch.Capital(text) + "."
	}
	return lines
}

// actionOf returns what a rule says to do, or else what its kind of rule calls for.
func actionOf(r rule.Rule, ernst, own string) string {
	if own != "" && ernst != string(rule.OK) && ernst != string(rule.GeenOordeel) {
		return own
	}
	return ruletext.Render("doing", doing{Rule: r, Ernst: ernst})
}

// explanation is the template of [Explanation.Text].
var explanation = template.Must(template.New("uitleg.tmpl").Funcs(template.FuncMap{
	"list":   func(names []string) string { return strings.Join(names, ", ") },
	"day":    dutch.Date,
	"date":   dutch.ShortDate,
	"figure": func(decimal string, r rule.Rule) string { return dutch.Figure(decimal, r.Percentage()) },
	"count":  func(decimal string) string { return dutch.Figure(decimal, false) },
}).ParseFS(textFiles, "uitleg.tmpl"))

// Text returns the explanation in plain Dutch. Tabs separate the cells of tables.
func (e *Explanation) Text() string {
	var b strings.Builder
	if err := explanation.Execute(&b, struct {
		*Explanation
		Rule rule.Rule
		Data string
	}{e, e.rule, e.data}); err != nil {
		panic("uitleg.tmpl: " + err.Error())
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
