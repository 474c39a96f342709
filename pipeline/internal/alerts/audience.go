package alerts

import (
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/sources/contract"
)

// An Audience resolves the roles of a rule to recipients.
type Audience struct {
	Project *project.Project
	Graph   *graph.Graph // may be nil if all rules are about deliveries
}

// of returns the recipients for a group: roles, with supplier and uitvoeringsdienst divided into parts. The data
// team also receives what blocks, and what has no other recipient.
func (a Audience) of(r rule.Rule, group, ernst string) []string {
	var to []string
	for _, role := range r.Notify {
		switch role {
		case notify.Supplier:
			for _, source := range a.deliveredBy(r, group) {
				to = append(to, a.supplier(source))
			}
		case notify.Uitvoeringsdienst:
			if dienst := a.dienst(group); dienst != "" {
				to = append(to, notify.Uitvoeringsdienst+"/"+dienst)
			}
		default:
			to = append(to, role)
		}
	}
	if ernst == notify.Blokkerend || len(to) == 0 {
		to = append(to, notify.DataTeam)
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// supplier returns the recipient for deliveries of a source: the owner in its contract, if any.
func (a Audience) supplier(source string) string {
	if c := a.Project.Contract(source); c != nil && c.Owner != "" && c.Owner != notify.Supplier {
		return c.Owner
	}
	return notify.Supplier + "/" + source
}

// deliveredBy returns the sources of a finding: the group or the table if that is a source, or else all sources
// of the table.
func (a Audience) deliveredBy(r rule.Rule, group string) []string {
	for _, name := range []string{group, r.Table} {
		if a.Project.Contract(name) != nil {
			return []string{name}
		}
	}
	if a.Graph != nil {
		if n := a.Graph.ByName[r.Schema+"."+r.Table]; n != nil {
			return n.Sources
		}
	}
	return nil
}

// dienst returns the uitvoeringsdienst of a group: the one it names, or by ref.gemeenten that of the gemeente it
// names.
func (a Audience) dienst(group string) string {
	i := slices.IndexFunc(a.Project.References, func(r *contract.Reference) bool { return r.Name == "gemeenten" })
	if i < 0 {
		return ""
	}
	ref := a.Project.References[i]
	gemeente, dienst := slices.Index(ref.Columns, "gemeente"), slices.Index(ref.Columns, notify.Uitvoeringsdienst)
	if gemeente < 0 || dienst < 0 {
		return ""
	}
	parts := append([]string{group}, strings.Split(group, " / ")...)
	for _, row := range ref.Rows {
		if row[dienst] != "" && (slices.Contains(parts, row[gemeente]) || slices.Contains(parts, row[dienst])) {
			return row[dienst]
		}
	}
	return ""
}
