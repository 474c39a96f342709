package rule

import (
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/projectfile"
)

// kinds lists the kinds of YAML rules, with the keys specific to each and the properties of its values.
var kinds = map[Kind]struct {
	Keys    []string
	BadRows bool // counts bad rows, so a severity may replace limits
	Signed  bool // values may be below 0, so limits may use beyond
	Stands  bool // can also be measured on an earlier stand
}{
	NotNull:         {Keys: []string{"column", "columns"}, BadRows: true, Stands: true},
	NotEmpty:        {Keys: []string{"column", "columns"}, BadRows: true, Stands: true},
	Unique:          {Keys: []string{"column", "columns"}, BadRows: true, Stands: true},
	AcceptedValues:  {Keys: []string{"column", "values"}, BadRows: true, Stands: true},
	Range:           {Keys: []string{"column", "min", "max"}, BadRows: true, Stands: true},
	Pattern:         {Keys: []string{"column", "matches"}, BadRows: true, Stands: true},
	Length:          {Keys: []string{"column", "min", "max"}, BadRows: true, Stands: true},
	Relationship:    {Keys: []string{"column", "references"}, BadRows: true, Stands: true},
	RowCount:        {Stands: true},
	VolumeChange:    {Keys: []string{"versus"}, Signed: true},
	Coverage:        {Keys: []string{"numerator", "denominator", "min_denominator"}, Stands: true},
	Share:           {Keys: []string{"condition", "min_denominator"}, Stands: true},
	SumMatches:      {Keys: []string{"column", "columns", "equals", "total"}, BadRows: true, Stands: true},
	Reconcile:       {Keys: []string{"measure", "reference", "difference"}, Signed: true, Stands: true},
	Outlier:         {Keys: []string{"numerator", "denominator", "min_denominator"}, Signed: true, Stands: true},
	Distribution:    {Keys: []string{"column", "versus", "min_denominator"}},
	ConstantOrEmpty: {Keys: []string{"column", "columns", "min_rows"}, BadRows: true, Stands: true},
	Freshness:       {BadRows: true},
}

var (
	ruleKeys   = []string{"check", "name", "description", "where", "per", "warn", "alarm", "block", "overrides", "accepted", "notify", "explain", "action"}
	timeKeys   = []string{"check", "name", "description", "warn", "alarm", "notify", "explain", "explain_never", "explain_expected", "action"}
	headerKeys = []string{"severity", "per", "accepted", "notify", "explain", "action", "description", "check"}
	tablesKeys = []string{"tables", "name"} // also in the header of a file on several tables
	valueKeys  = []string{"percentage", "warn", "alarm", "block", "overrides", "per", "accepted", "notify", "explain", "action", "description", "check"}

	lengthText = regexp.MustCompile(`^\d{1,9}$`)
	nameText   = regexp.MustCompile(`^[a-z0-9_]+$`)
	roleText   = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	targetText = regexp.MustCompile(`^([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*) *\( *([^()]*[^() ]) *\)$`)
)

// rule reads one rule of a YAML file into a copy of base, which has the path and table.
func (r reader) rule(base Rule) Rule {
	rule := base
	rule.Line, rule.Col = r.Line, r.Col
	rule.Kind = Kind(r.required("check", "write check: and a kind"))
	kind, ok := kinds[rule.Kind]
	if !ok {
		if rule.Kind == SQL || rule.Kind == SQLValue {
			r.fault("check", "write it as a file <schema>.<table>.<name>.sql", "an %s check needs its own file", rule.Kind)
		} else if rule.Kind != "" {
			var names []string
			for _, k := range slices.Sorted(maps.Keys(kinds)) {
				names = append(names, string(k))
			}
			r.fault("check", projectfile.DidYouMean(string(rule.Kind), names), "unknown kind %q", rule.Kind)
		}
		return rule
	}
	known := slices.Concat(ruleKeys, kind.Keys)
	if rule.Kind == Freshness {
		known = slices.Clone(timeKeys)
	}
	if kind.BadRows {
		known = append(known, "severity")
	}
	r.Unknown(known, " for "+string(rule.Kind))

	rule.Description = r.text("description")
	rule.Where = r.expression("where")
	r.kindKeys(&rule)
	r.name(&rule)
	if kind.BadRows {
		r.severity(&rule)
	} else {
		r.needLimits()
	}
	rule.Limits = r.limits(rule)
	r.checkLimits(rule, rule.Limits, rule.Limits)
	r.report(&rule)
	r.overrides(&rule)
	r.accepted(&rule)
	r.checkPlaceholders(rule)
	r.checkPerInOn(rule)
	r.savePlaces(&rule)
	return rule
}

func (r reader) kindKeys(rule *Rule) {
	switch rule.Kind {
	case NotNull, NotEmpty, Unique:
		rule.Columns = r.columns()
	case AcceptedValues:
		rule.Columns = r.column()
		rule.Values = r.texts("values")
		r.need("values", "write values: [a, b]")
	case Range, Length:
		rule.Columns = r.column()
		rule.Min, rule.Max = r.bound("min"), r.bound("max")
		r.checkBounds(*rule)
	case Pattern:
		rule.Columns = r.column()
		rule.Matches = r.regularExpression("matches")
	case Relationship:
		rule.Columns = r.column()
		rule.Reference = r.target("references")
	case Coverage:
		rule.Numerator = r.requiredExpression("numerator", "write a column or an SQL expression that is summed")
		rule.Denominator = r.requiredExpression("denominator", "write a column or an SQL expression that is summed")
		rule.MinDenominator = r.minDenominator()
	case Share:
		rule.Condition = r.requiredExpression("condition", "write the SQL condition that rows meet")
		rule.MinDenominator = r.minDenominator()
	case SumMatches:
		rule.Columns = r.columns()
		r.otherSide(rule)
	case VolumeChange:
		rule.Versus = r.versus("versus")
	case Distribution:
		rule.Columns = r.column()
		rule.Versus = r.versus("versus")
		rule.MinDenominator = r.minDenominator()
	case Outlier:
		rule.Numerator = r.requiredExpression("numerator", "write a column or an SQL expression that is summed for each group")
		rule.Denominator = r.expression("denominator")
		rule.MinDenominator = r.minDenominator()
		r.need("per", "write per: and the column whose groups are compared")
	case Reconcile:
		rule.Numerator = r.requiredExpression("measure", "write a column or an SQL expression that is summed")
		r.referenceFigure(rule)
	case ConstantOrEmpty:
		rule.Columns = r.columns()
		rule.MinRows = r.minRows()
	case Freshness:
		rule.ExplainNever, rule.ExplainExpected = r.text("explain_never"), r.text("explain_expected")
		if r.text("severity") == "block" {
			r.fault("severity", "write alarm: if a delivery is late, the last one stays in force", "freshness cannot block")
		}
	case RowCount, SQL, SQLValue: // no keys, or read by parseSQL
	}
}

// name reads the name of a rule, or builds it from the kind and columns.
func (r reader) name(rule *Rule) {
	if rule.Name = r.text("name"); r.Has("name") {
		if rule.Name != "" && !nameText.MatchString(rule.Name) {
			r.fault("name", "use lower-case letters, digits and _", "the name %q", rule.Name)
		}
		return
	}
	parts := append([]string{string(rule.Kind)}, rule.Columns...)
	if plainName.MatchString(rule.Numerator) {
		parts = append(parts, rule.Numerator)
	}
	rule.Name = strings.ToLower(strings.Join(parts, "_"))
	if !nameText.MatchString(rule.Name) {
		r.fault("", "write name: with lower-case letters, digits and _", "the columns do not form a name")
	}
}

func (r reader) severity(rule *Rule) {
	limited := slices.ContainsFunc(limitKeys, r.Has)
	switch {
	case r.Has("severity") && limited:
		r.fault("severity", "keep one of them", "both a severity and limits")
	case r.Has("severity"):
		text := r.text("severity")
		if rule.Severity = severities[text]; rule.Severity == "" && text != "" {
			r.fault("severity", projectfile.DidYouMean(text, slices.Sorted(maps.Keys(severities))), "unknown severity %q", text)
		}
	case !limited:
		rule.Severity = Alarm
	}
}

func (r reader) needLimits() {
	if !slices.ContainsFunc(limitKeys, r.Has) {
		r.missing("warn, alarm or block", "write a limit, such as alarm: {below: 25}")
	}
}

func (r reader) report(rule *Rule) {
	rule.Per = r.texts("per")
	rule.Notify = r.texts("notify")
	for _, role := range rule.Notify {
		if !roleText.MatchString(role) {
			r.fault("notify", "write roles such as sturing, not addresses", "the role %q", role)
		}
	}
	rule.Explain = r.required("explain", "say in Dutch what was found, with placeholders such as {waarde}")
	rule.Action = r.text("action")
}

// checkPlaceholders reports placeholders that the rule cannot fill.
func (r reader) checkPlaceholders(rule Rule) {
	for _, in := range []struct{ Key, Text string }{
		{"explain", rule.Explain}, {"explain_never", rule.ExplainNever}, {"explain_expected", rule.ExplainExpected}, {"action", rule.Action},
	} {
		if message, hint := rule.placeholderFault(in.Text); message != "" {
			r.fault(in.Key, hint, "%s has %s", in.Key, message)
		}
	}
}

func (r reader) overrides(rule *Rule) {
	if !r.Has("overrides") {
		return
	}
	switch {
	case len(rule.Per) == 0:
		r.fault("overrides", "write per:, or change the limits themselves", "overrides of a rule without groups")
	case rule.Severity != "":
		r.fault("overrides", "write warn, alarm or block with {above: 0} in place of the severity", "overrides of a rule without limits")
	}
	groups, ok := r.within("overrides")
	if !ok {
		return
	}
	rule.Overrides = map[string]Limits{}
	for _, key := range groups.Keys {
		in, ok := groups.within(key.Name)
		if !ok {
			continue
		}
		in.Unknown(slices.Concat(limitKeys, periodKeys), " in overrides")
		stated := in.limits(*rule)
		stated.From, stated.Until = in.period()
		in.checkLimits(*rule, stated, rule.Limits.With(stated))
		rule.Overrides[key.Name] = stated
	}
}

func (r reader) bound(key string) string {
	text := r.text(key)
	if text == "" || IsDate(text) {
		return text
	}
	r.decimal(key)
	return text
}

func (r reader) checkBounds(rule Rule) {
	lo, hi := rule.Min, rule.Max
	switch {
	case !r.Has("min") && !r.Has("max"):
		r.missing("min or max", "write at least one bound; the bound itself is allowed")
	case lo == "" || hi == "":
	case IsDate(lo) != IsDate(hi):
		r.fault("max", "write two numbers or two dates", "min and max are a number and a date")
	case IsDate(lo) && lo > hi, !IsDate(lo) && less(hi, lo):
		r.fault("max", "swap them", "max is less than min")
	}
	for _, bound := range []struct{ Key, Text string }{{"min", lo}, {"max", hi}} {
		if rule.Kind == Length && bound.Text != "" && !lengthText.MatchString(bound.Text) {
			r.fault(bound.Key, "write a whole number of characters", "%s is %q", bound.Key, bound.Text)
		}
	}
}

// IsDate reports whether text is an ISO date.
func IsDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// less compares decimals; other text was reported before.
func less(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) < 0
}

// savePlaces saves the places of the keys, for faults found when the rule is bound to its table.
func (r reader) savePlaces(rule *Rule) {
	rule.places = map[string]place{}
	for _, key := range r.Keys {
		rule.places[key.Name] = place{key.Value.Line, key.Value.Col}
	}
}
