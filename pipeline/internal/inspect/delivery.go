package inspect

import (
	"context"
	"strconv"
	"strings"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// A DeliveryView is everything known about one delivery.
type DeliveryView struct {
	intake.DeliveryRow
	Receipts  []delivery.Receipt  `json:"receipts"`
	Decisions []delivery.Decision `json:"decisions,omitempty"`
	// Load is nil before the first load.
	Load *lake.Load `json:"load,omitempty"`
	// Changes are the shares that differ from the previous delivery. Tolerated is the drift that the contract
	// allows.
	Changes    []lake.ShareChange `json:"share_changes,omitempty"`
	Tolerated  []string           `json:"tolerated,omitempty"`
	Quarantine []QuarantineRow    `json:"quarantine,omitempty"`
}

// A QuarantineRow is one fault of a record, with its value masked.
type QuarantineRow struct {
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"` // "" if the fault concerns the whole record
	Reason string `json:"reason"`
	Value  string `json:"value,omitempty"`
}

// A Fact is one line about a delivery.
type Fact struct{ Name, Value string }

// Facts describes how the file was read and how it differs from its contract.
func (v *DeliveryView) Facts() []Fact {
	var facts []Fact
	if v.Load == nil {
		return facts
	}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, Fact{name, value})
		}
	}
	list := func(name string, values []string) { add(name, strings.Join(values, "; ")) }
	l := v.Load
	add("form", l.Form.String())
	if l.Header.Found && l.Header.Regel > 0 {
		lines := "line " + strconv.FormatInt(l.Header.Regel, 10)
		if l.Header.Second > 0 {
			lines = "lines " + strconv.FormatInt(l.Header.Regel, 10) + " and " + strconv.FormatInt(l.Header.Second, 10)
		}
		add("header", lines+", "+strconv.Itoa(l.Header.Fields)+" fields")
	}
	if b := l.Balance; b.Hersteld > 0 {
		add("repaired", strconv.FormatInt(b.Hersteld, 10)+" BSNs, of which "+strconv.FormatInt(b.Voorloopnul, 10)+" had lost a zero")
	}
	list("missing columns", l.Header.Missing)
	list("absent columns", l.Header.Absent)
	list("new columns", l.Header.Unknown)
	list("renamed columns", l.Header.Renamed)
	list("repeated columns", l.Header.Repeated)
	if l.Header.Reordered {
		add("order", "not that of the contract")
	}
	for _, c := range v.Changes {
		add("other share", c.String())
	}
	list("tolerated", v.Tolerated)
	if l.Pakbon != "" {
		add("pakbon", "came with it")
	}
	if l.Total != nil && l.Total.Count != nil {
		add("total line", "line "+strconv.FormatInt(l.Total.Regel, 10)+" counts "+strconv.FormatInt(*l.Total.Count, 10))
	}
	return facts
}

// Delivery returns one delivery by name, with at most most rows of its quarantine; a negative number means
// all.
func Delivery(ctx context.Context, o intake.Scope, name string, most int) (*DeliveryView, error) {
	b, err := o.Open()
	if err != nil {
		return nil, err
	}
	d, err := b.Find(name)
	if err != nil {
		return nil, err
	}
	v := &DeliveryView{DeliveryRow: b.Row(d), Receipts: d.Receipts, Load: b.Loads[lake.Key(d.Source, d.ID)]}
	if c := b.Project.Contract(d.Source); c != nil {
		v.Changes, v.Tolerated = lake.ShareChanges(c, lake.PreviousLoad(d, b.State(), b.Loads), v.Load), lake.ToleratedDrift(c, func(d contract.Drift) string { return string(d) })
	}
	for _, decision := range b.Decisions {
		if decision.Source == d.Source && decision.Delivery == d.ID {
			v.Decisions = append(v.Decisions, decision)
		}
	}
	if v.Load != nil && v.Load.Balance.InQuarantaine > 0 && most != 0 {
		if v.Quarantine, err = readQuarantine(ctx, lake.QuarantinePath(o.Path, d.Source, d.ID), most); err != nil {
			return nil, err
		}
		err = datadir.Record(o.Dir, "deliveries quarantine "+lake.Key(d.Source, d.ID), datadir.PurposeLook, map[string]int64{"rows": int64(len(v.Quarantine))})
	}
	return v, err
}

func readQuarantine(ctx context.Context, path string, most int) (rows []QuarantineRow, err error) {
	query := "select regel::varchar, coalesce(kolom, ''), reden, coalesce(waarde, '') from read_parquet(" + quote.Literal(path) + ") order by regel, kolom nulls last, reden"
	if most > 0 {
		query += " limit " + strconv.Itoa(most)
	}
	err = inDatabase(ctx, func(s *duck.Session) error {
		found, err := s.Rows(ctx, query)
		for _, f := range found {
			rows = append(rows, QuarantineRow{Line: duck.Number(f[0]), Column: *f[1], Reason: *f[2], Value: *f[3]})
		}
		return err
	})
	return rows, err
}
