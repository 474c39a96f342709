package transform

import (
	"encoding/json"
	"fmt"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// MetaRows returns the rows of meta.leveringen and meta.peildata.
func (r *Resolver) MetaRows(deliveries []delivery.Delivery) map[string][]map[string]any {
	rows := map[string][]map[string]any{"leveringen": {}, "peildata": {}}
	for _, d := range deliveries {
		load := r.loads[lake.Key(d.Source, d.ID)]
		if load == nil {
			continue // of a source without contract
		}
		contract := r.Bound.Contract(d.Source)
		standing, _ := r.State.Standing(d.Source, d.ID)
		var total *int64
		if load.Total != nil {
			total = load.Total.Count
		}
		rows["leveringen"] = append(rows["leveringen"], map[string]any{
			"bron": d.Source, "levering": d.ID, "peildatum": d.Peildatum, "bestand": d.Newest().File,
			"ontvangen_op": d.Newest().Modified.UTC().Format("2006-01-02 15:04:05.999999"), "status": string(standing.Status),
			"reden": lake.ReasonText(standing.Reasons), "records": load.Balance.Records, "geladen": load.Balance.Geladen,
			"in_quarantaine": load.Balance.InQuarantaine, "hersteld": load.Balance.Hersteld, "voorloopnul": load.Balance.Voorloopnul,
			"niet_data": load.Balance.NietData, "elfproef": load.Elfproef, "dubbele_sleutels": load.Duplicates,
			"totaal_regel": total, "kolommen_afwezig": lake.ReasonText(load.Header.Absent), "kolommen_nieuw": lake.ReasonText(load.Header.Unknown),
			"volgorde_anders": load.Header.Reordered, "kolommen_hernoemd": lake.ReasonText(load.Header.Renamed),
			"aandelen_anders": lake.ReasonText(lake.ShareTexts(lake.ShareChanges(contract, lake.PreviousLoad(d, r.State, r.loads), load))), "toegestaan": lake.ReasonText(lake.ToleratedDrift(contract, lake.DriftText)),
		})
	}
	for _, c := range r.Bound.Contracts {
		for _, p := range r.State.Peildata(c.Name) {
			rows["peildata"] = append(rows["peildata"], map[string]any{"bron": c.Name, "peildatum": p})
		}
	}
	return rows
}

// FingerprintMeta records the fingerprints of the meta tables without filling them.
func (r *Resolver) FingerprintMeta(rows map[string][]map[string]any) error {
	for name := range graph.MetaTables {
		if err := r.fingerprintMeta(name, rows[name]); err != nil {
			return err
		}
	}
	return nil
}

// fingerprintMeta records the fingerprint of a meta table: of its rows as lines of JSON.
func (r *Resolver) fingerprintMeta(name string, rows []map[string]any) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, row := range rows {
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	r.Meta[name] = fingerprint.Of("meta", name, b.String())
	return nil
}

// fromRows is a SELECT of rows, whose JSON has every column as text, number or null.
func fromRows[T any](rows []T, columns []duck.Column) (string, error) {
	if len(rows) == 0 {
		return graph.Empty(columns), nil
	}
	types := make([]string, len(columns))
	for i, c := range columns {
		types[i] = fmt.Sprintf("%q: %q", c.Name, c.Type)
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return "", err
	}
	return "select unnest(from_json_strict(" + quote.Literal(string(text)) + ", " + quote.Literal("[{"+strings.Join(types, ", ")+"}]") + "), recursive := true)", nil
}
