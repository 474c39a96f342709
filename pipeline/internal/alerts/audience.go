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

// An Audience knows who is meant by the roles of a rule.
type Audience struct {
	Project *project.Project
	Graph   *graph.Graph // nil when only tables of deliveries are asked for
}

// of are the recipients for a group: roles, with supplier and uitvoeringsdienst divided into parts.
// What blocks is for the data team too, and what is nobody's.
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

// supplier is who hears of the deliveries of a source: what its contract says under owner.
func (a Audience) supplier(source string) string {
	if c := a.Project.Contract(source); c != nil && c.Owner != "" && c.Owner != notify.Supplier {
		return c.Owner
	}
	return notify.Supplier + "/" + source
}

// deliveredBy are the sources that a finding is about: the group or the table when that is one, else all that the
// table is made of.
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

// dienst is the uitvoeringsdienst of a group: of the gemeente that it names, or that itself. The table
// ref.gemeenten says which gemeente has which.
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
