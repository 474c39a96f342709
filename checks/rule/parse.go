package rule

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"inbeeld/pipeline/projectfile"
)

var (
	schemaTable = regexp.MustCompile(`^([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)$`)
	sqlFile     = regexp.MustCompile(`^([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\.([a-z0-9_]+)$`)
)

// ParseFile reads the rules of one check file. Its path, with slashes, determines the format and, unless
// it is an SQL file on several tables, the table. ParseFile returns the rules without faults, and all faults.
func ParseFile(file string, data []byte) ([]Rule, projectfile.Faults) {
	var rules []Rule
	var faults projectfile.Faults
	ext := path.Ext(file)
	stem := strings.TrimSuffix(path.Base(file), ext)
	table, named := schemaTable.FindStringSubmatch(stem), sqlFile.FindStringSubmatch(stem)
	switch {
	case ext == ".yaml" && table != nil:
		rules, faults = parseList(file, data, Rule{Path: file, Schema: table[1], Table: table[2]})
	case ext == ".yaml":
		faults = projectfile.Faults{{Path: file, Message: "the file name has no table", Hint: "call it <schema>.<table>.yaml"}}
	case ext == ".sql" && named != nil:
		rules, faults = parseSQL(file, data, Rule{Path: file, Kind: SQL, Schema: named[1], Table: named[2], Name: named[3]})
	case ext == ".sql" && nameText.MatchString(stem):
		rules, faults = parseSQL(file, data, Rule{Path: file, Kind: SQL, Name: stem})
	case ext == ".sql":
		faults = projectfile.Faults{noTable(file)}
	default:
		faults = projectfile.Faults{{Path: file, Message: "not a check file", Hint: "a check file ends in .yaml or .sql"}}
	}
	return rules, faults.Sorted()
}

// distinct returns the first rule of each ID, and a fault for each later one.
func distinct(rules []Rule) (first []Rule, faults projectfile.Faults) {
	seen := map[string]bool{}
	for _, r := range rules {
		if id := r.ID(); seen[id] {
			faults = append(faults, r.fault("name", "give one of them another name", "a second rule %q on %s", r.Name, r.On()))
		} else {
			seen[id] = true
			first = append(first, r)
		}
	}
	return first, faults
}

func parseList(file string, data []byte, base Rule) ([]Rule, projectfile.Faults) {
	doc, faults := projectfile.Parse(file, data)
	if len(faults) > 0 {
		return nil, faults
	}
	if !doc.Root.Is(projectfile.KindList) {
		return nil, projectfile.Faults{doc.Fault(doc.Root, "write a list of rules, each beginning with - check:",
			"the file is %s", unlike(doc.Root, "a list"))}
	}
	var rules []Rule
	for _, item := range doc.Root.Items {
		var own projectfile.Faults
		in := reader{doc.Mapping(item, &own)}
		if !item.Is(projectfile.KindMapping) {
			in.fault("", "write - check: and its keys", "the rule is %s", unlike(item, "a mapping"))
		} else if rule := in.rule(base); len(own) == 0 {
			rules = append(rules, rule)
		}
		faults = append(faults, own...)
	}
	rules, duplicates := distinct(rules)
	return rules, append(faults, duplicates...)
}

// parseSQL reads the header in the leading comment lines and takes the rest as the SELECT.
func parseSQL(file string, data []byte, rule Rule) ([]Rule, projectfile.Faults) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	var faults projectfile.Faults
	var header []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "--")
		if !ok {
			break
		}
		cut, ok := strings.CutPrefix(comment, " ")
		if !ok && strings.TrimSpace(comment) != "" {
			faults = append(faults, projectfile.Fault{
				Path: file, Line: len(header) + 1, Col: 3, Message: "no space after --", Hint: "begin the line with \"-- \"",
			})
		}
		header = append(header, strings.TrimRight(cut, "\n"))
		text = text[len(line):]
	}
	if len(faults) > 0 {
		return nil, faults
	}
	doc, faults := projectfile.ParseAt(file, []byte(strings.Join(header, "\n")), 0, len("-- "))
	if len(faults) > 0 {
		return nil, faults
	}
	in := reader{doc.Mapping(doc.Root, &faults)}
	if !doc.Root.Is(projectfile.KindMapping) {
		in.fault("", "write -- explain: and the other keys above the SELECT", "the header is %s", unlike(doc.Root, "a mapping"))
		return nil, faults
	}
	rule.Line, rule.Col = 1, 1
	rule.Select = strings.TrimSpace(text)
	if in.Has("check") {
		rule.Kind = Kind(in.text("check"))
	}
	rule.Description = in.text("description")
	var shared []string
	if rule.Table == "" || in.Has("tables") {
		shared = tablesKeys
	}
	switch rule.Kind {
	case SQLValue:
		in.Unknown(slices.Concat(valueKeys, shared), " in the header of an sql_value check")
		rule.Percent = in.flag("percentage")
		in.needLimits()
		rule.Limits = in.limits(rule)
		in.checkLimits(rule, rule.Limits, rule.Limits)
	case SQL:
		in.Unknown(slices.Concat(headerKeys, shared), " in the header of a check")
		in.severity(&rule)
	default:
		in.fault("check", "write check: sql_value, or leave it out for a SELECT of bad rows", "a %s check has no file of its own", rule.Kind)
	}
	in.report(&rule)
	in.overrides(&rule)
	in.accepted(&rule)
	in.savePlaces(&rule)
	rules := []Rule{rule}
	if shared != nil {
		rules = in.onTables(rule)
	}
	for _, one := range rules {
		in.checkPlaceholders(one)
	}
	if message, hint := selectFault(rule.Select); message != "" {
		before := text[:len(text)-len(strings.TrimLeft(text, " \t\n"))]
		faults = append(faults, projectfile.Fault{
			Path: file, Line: len(header) + strings.Count(before, "\n") + 1, Col: 1,
			Message: "the SELECT has " + message, Hint: hint,
		})
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return rules, nil
}

func noTable(file string) projectfile.Fault {
	return projectfile.Fault{
		Path: file, Message: "the file name has no table and check",
		Hint: "call it <schema>.<table>.<name>.sql, or <name>.sql with tables: in its header",
	}
}

// fault returns a fault at the value of a key of the rule, or else where the rule begins.
func (r Rule) fault(key, hint, format string, args ...any) projectfile.Fault {
	at, ok := r.places[key]
	if !ok {
		at = place{r.Line, r.Col}
	}
	return projectfile.Fault{Path: r.Path, Line: at.line, Col: at.col, Message: fmt.Sprintf(format, args...), Hint: hint}
}
