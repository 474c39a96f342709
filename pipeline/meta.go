package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources"
	"inbeeld/sql"
)

// metaRows fills meta.leveringen and meta.peildata.
func (g *ground) metaRows(deliveries []sources.Delivery) map[string][]map[string]any {
	rows := map[string][]map[string]any{"leveringen": {}, "peildata": {}}
	for _, d := range deliveries {
		load := g.loads[loadKey(d.Source, d.ID)]
		if load == nil {
			continue // of a source without contract
		}
		standing, _ := g.state.Standing(d.Source, d.ID)
		var total *int64
		if load.Total != nil {
			total = load.Total.Count
		}
		rows["leveringen"] = append(rows["leveringen"], map[string]any{
			"bron": d.Source, "levering": d.ID, "peildatum": d.Peildatum, "bestand": d.Newest().File,
			"ontvangen_op": d.Newest().Modified.UTC().Format("2006-01-02 15:04:05.999999"), "status": string(standing.Status),
			"reden": reasonText(standing.Reasons), "records": load.Balance.Records, "geladen": load.Balance.Geladen,
			"in_quarantaine": load.Balance.InQuarantaine, "hersteld": load.Balance.Hersteld, "voorloopnul": load.Balance.Voorloopnul,
			"niet_data": load.Balance.NietData, "elfproef": load.Elfproef, "dubbele_sleutels": load.Duplicates,
			"totaal_regel": total, "kolommen_afwezig": reasonText(load.Header.Absent), "kolommen_nieuw": reasonText(load.Header.Unknown),
			"volgorde_anders": load.Header.Reordered,
		})
	}
	for _, c := range g.bound.Contracts {
		for _, p := range g.state.Peildata(c.Name) {
			rows["peildata"] = append(rows["peildata"], map[string]any{"bron": c.Name, "peildatum": p})
		}
	}
	return rows
}

// reasonText joins texts; none is NULL.
func reasonText(texts []string) *string {
	if len(texts) == 0 {
		return nil
	}
	joined := strings.Join(texts, "; ")
	return &joined
}

// metaText is the content of a meta table as lines of JSON: what its fingerprint is over.
func metaText(rows []map[string]any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// fillMeta makes the table memory.meta.<name> from its lines of JSON.
func fillMeta(ctx context.Context, s *duck.Session, name string, text []byte, scratch string) error {
	path := filepath.Join(scratch, "meta."+name+".json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	if err := s.Exec(ctx, "create or replace table memory."+sql.Table("meta", name)+" as "+fromJSON(path, text, metaTables[name])); err != nil {
		return fmt.Errorf("fill meta.%s: %w", name, err)
	}
	return nil
}

// fromJSON is a SELECT of the rows in a file with lines of JSON.
func fromJSON(path string, text []byte, columns []duck.Column) string {
	if len(text) == 0 {
		return empty(columns)
	}
	defs := make([]string, len(columns))
	for i, c := range columns {
		defs[i] = sql.Ident(c.Name) + ": " + sql.Literal(c.Type)
	}
	return "select * from read_json(" + sql.Literal(path) + ", format = 'newline_delimited', columns = {" + strings.Join(defs, ", ") + "})"
}

// fillReference makes the tables memory.ref.<name>; empty text is NULL.
func fillReference(ctx context.Context, s *duck.Session, refs []*sources.Reference) error {
	for _, r := range refs {
		if err := s.Exec(ctx, createTableAs("memory."+sql.Table("ref", r.Name), refColumns(r))); err != nil {
			return fmt.Errorf("fill ref.%s: %w", r.Name, err)
		}
		var values []string
		for _, row := range r.Rows {
			fields := make([]string, len(row))
			for i, v := range row {
				fields[i] = "null"
				if v != "" {
					fields[i] = sql.Literal(v)
				}
			}
			values = append(values, "("+strings.Join(fields, ", ")+")")
		}
		if len(values) == 0 {
			continue
		}
		if err := s.Exec(ctx, "insert into memory."+sql.Table("ref", r.Name)+" values "+strings.Join(values, ", ")); err != nil {
			return fmt.Errorf("fill ref.%s: %w", r.Name, err)
		}
	}
	return nil
}
