package contract

import (
	"strconv"
	"strings"

	"inbeeld/pipeline/projectfile"
)

// A mapping reads a YAML mapping of a contract.
type mapping struct{ projectfile.Mapping }

// within reads v as a mapping. Unknown keys are faults.
func (m mapping) within(v *projectfile.Value, what string, known ...string) (mapping, bool) {
	if !v.Is(projectfile.KindMapping) {
		m.Fault(v, "write key: value", "%s must be a mapping", what)
		return mapping{}, false
	}
	inner := mapping{m.In(v)}
	inner.Unknown(known, " in "+what)
	return inner, true
}

// block is within for the value at key. It returns false if there is none.
func (m mapping) block(key string, known ...string) (mapping, bool) {
	if !m.Has(key) {
		return mapping{}, false
	}
	return m.within(m.Get(key), strconv.Quote(key), known...)
}

// need adds a fault for each missing key.
func (m mapping) need(what string, keys ...string) {
	for _, key := range keys {
		if !m.Has(key) {
			m.Fault(m.Value, hints[key], "%s lacks %q", what, key)
		}
	}
}

// hints says what to write for a missing key.
var hints = map[string]string{
	"description": "say in one sentence what is delivered",
	"supplier":    "name the organisation that delivers it",
	"owner":       "name the role or address that is alerted about a bad delivery",
	"match":       `write an expression for file names, such as 'sonar_(?P<peildatum>\d{8}).*\.csv'`,
	"key":         "list the columns that together are unique, such as [persoon_id]",
	"columns":     "list the columns, such as {name: Burgerservicenr, as: persoon_id, type: bsn}",
	"name":        "write the supplier's name for the column",
	"as":          "write our name for the column",
	"type":        "choose from " + strings.Join(columnTypes, ", "),
	"dir":         "write a folder, such as {dir: inbox/sonar}",
	"known_hosts": "write known_hosts: file:PATH, with the host key that the supplier gave you, as ssh-keyscan prints it",
	"access_key":  "write access_key: env:NAME or file:PATH",
	"secret_key":  "write secret_key: env:NAME or file:PATH",
	"region":      "write the region of the bucket, such as eu-west-1; many servers accept any",
	"account":     "write the name of the storage account",
	"query":       "write the SELECT of the rows of a delivery; $1 in it is the peildatum",
	"password":    "write password: env:NAME or file:PATH",
	"timeout":     "write how long the place may be silent, such as 90s or 10m",
	"every":       "write how often a delivery is due, such as {every: 7d, grace: 2d}",
}

// text returns the text at key, or "" without it. An empty text is a fault.
func (m mapping) text(key string) string {
	v := m.Get(key)
	s, ok := v.Scalar()
	if v != nil && (!ok || strings.TrimSpace(s) == "") {
		m.Fault(v, hints[key], "%q must be text", key)
		return ""
	}
	return s
}

// flag returns the boolean at key, or false without it.
func (m mapping) flag(key string) bool {
	v := m.Get(key)
	truth, ok := v.Truth()
	if v != nil && !ok {
		m.Fault(v, "", "%q must be true or false", key)
	}
	return truth
}

// list returns the texts of the list at key. An empty list is a fault.
func (m mapping) list(key string) []*projectfile.Value {
	v := m.Get(key)
	if v == nil {
		return nil
	}
	if len(v.Items) == 0 {
		m.Fault(v, hints[key], "%q must be a list, such as [A, B]", key)
	}
	var items []*projectfile.Value
	for _, item := range v.Items {
		if s, ok := item.Scalar(); !ok || strings.TrimSpace(s) == "" {
			m.Fault(item, "", "%q must contain texts", key)
			continue
		}
		items = append(items, item)
	}
	return items
}
