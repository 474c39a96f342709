package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// split counts the loaded records and, if some belong in quarantine, splits them into a lake file and a
// quarantine file.
func (l *Loader) split(ctx context.Context, s *duck.Session, c *contract.Contract, absent []bool, loaded, dir string, result *Load) error {
	table := "read_parquet(" + quote.Literal(loaded) + ")"
	keyed := true
	var key []string
	for i, col := range c.Columns {
		for _, k := range c.Key {
			if k == col.As {
				key = append(key, quote.Ident(k))
				keyed = keyed && !absent[i]
			}
		}
	}
	distinct := "count(*)"
	if keyed {
		distinct = "count(distinct hash(" + strings.Join(key, ", ") + "))"
	}
	row, err := s.Row(ctx, "select count(*)::varchar, count(_fouten)::varchar, count(_verdacht)::varchar, ("+distinct+")::varchar, "+
		"coalesce(sum((_hersteld > 0)::int), 0)::varchar, coalesce(sum((_hersteld = 2)::int), 0)::varchar from "+table)
	if err != nil {
		return err
	}
	all, faulty, suspect, keys := duck.Number(row[0]), duck.Number(row[1]), duck.Number(row[2]), duck.Number(row[3])
	lake, quarantine := filepath.Join(dir, "lake.parquet"), filepath.Join(dir, "quarantine.parquet")
	if faulty == 0 && suspect == 0 && keys == all {
		result.Balance.Geladen = all
		result.Balance.Hersteld, result.Balance.Voorloopnul = duck.Number(row[4]), duck.Number(row[5])
		return os.Rename(loaded, lake)
	}
	if keys == all {
		key = nil // no duplicate keys
	}
	if err := s.Exec(ctx, "create temp table fout as "+faultRows(c, table, key)); err != nil {
		return err
	}
	err = s.Exec(ctx, duck.CopyStatement("select * replace (null::struct(kolom varchar, lengte bigint, personen varchar[])[] as _verdacht) from "+table+
		" where regel not in (select regel from fout)", lake, l.metadata(result))+"; "+
		duck.CopyStatement("select regel, kolom, reden, waarde from fout order by all", quarantine, withoutKey(l.metadata(result))))
	if err != nil {
		return err
	}
	if err := CheckOrder(ctx, s, lake); err != nil {
		return err
	}
	row, err = s.Row(ctx, "select count(*)::varchar, coalesce(sum((_hersteld > 0)::int), 0)::varchar, coalesce(sum((_hersteld = 2)::int), 0)::varchar from read_parquet("+quote.Literal(lake)+")")
	if err != nil {
		return err
	}
	result.Balance.Geladen, result.Balance.Hersteld, result.Balance.Voorloopnul = duck.Number(row[0]), duck.Number(row[1]), duck.Number(row[2])
	row, err = s.Row(ctx, fmt.Sprintf("select count(distinct regel)::varchar, count(distinct case when reden = %s then regel end)::varchar, count(distinct case when reden = %s then regel end)::varchar from read_parquet(%s)",
		quote.Literal(reasonElfproef), quote.Literal(reasonDuplicate), quote.Literal(quarantine)))
	if err != nil {
		return err
	}
	result.Balance.InQuarantaine, result.Elfproef, result.Duplicates = duck.Number(row[0]), duck.Number(row[1]), duck.Number(row[2])
	return os.Remove(loaded)
}

// faultRows returns the SELECT of the rows of quarantine, one per fault: those found in the record, BSNs of
// persons in this delivery in a column of text or numbers, and keys that an earlier valid record has.
//
// Only the hashes of keys take memory in proportion to the delivery, and only if there are duplicates. The
// rest grows with the number of faults.
func faultRows(c *contract.Contract, table string, key []string) string {
	query := "with gevonden as (select regel, unnest(_fouten) as f from " + table + " where _fouten is not null), " +
		"eigen as (select regel, f.kolom as kolom, f.reden as reden, f.waarde as waarde from gevonden)"
	all := "select * from eigen"
	others := "select regel from eigen"
	if i := slices.IndexFunc(c.Columns, func(c contract.Column) bool { return c.Type == contract.BSN }); i >= 0 {
		person := c.Columns[i].As
		query += ", verdacht as (select regel, unnest(_verdacht) as v from " + table + " where _verdacht is not null), " +
			"nummers as (select regel, v.kolom as kolom, v.lengte as lengte, unnest(v.personen) as persoon from verdacht), " +
			"bekend as (select distinct " + quote.Ident(person) + " as persoon from " + table + " where " + quote.Ident(person) + " in (select persoon from nummers)), " +
			"vreemd as (select distinct regel, kolom, " + quote.Literal(reasonBSNText) + " as reden, lengte || ' tekens' as waarde from nummers " +
			"where persoon in (select persoon from bekend))"
		all += " union all select * from vreemd"
		others += " union all select regel from vreemd"
	}
	if len(key) > 0 {
		names := make([]string, len(c.Key))
		for i, k := range c.Key {
			column, _ := c.Column(k)
			names[i] = column.Name
		}
		list := strings.Join(key, ", ")
		query += ", vaker as (select hash(" + list + ") as sleutel from " + table + " group by sleutel having count(*) > 1)" +
			", goed as (select regel, row_number() over (partition by " + list + " order by regel) as volgorde from " + table +
			" where hash(" + list + ") in (select sleutel from vaker) and regel not in (" + others + "))"
		all += " union all select regel, " + quote.Literal(strings.Join(names, ", ")) + ", " + quote.Literal(reasonDuplicate) + ", null from goed where volgorde > 1"
	}
	return query + " " + all
}

// CheckOrder returns an error unless the records of a lake file are in the order of the delivery. One thread
// writes them as it reads them; sorting would take as much memory as the delivery.
func CheckOrder(ctx context.Context, s *duck.Session, lake string) error {
	row, err := s.Row(ctx, "select coalesce(bool_and(regel > vorige), true)::varchar from (select regel, lag(regel) over () as vorige from read_parquet("+quote.Literal(lake)+"))")
	if err != nil {
		return err
	}
	if *row[0] != "true" {
		return errors.New("the database did not write the records in the order of the delivery")
	}
	return nil
}

// store moves the files of a load into the data directory, the load record last.
func (l *Loader) store(d delivery.Delivery, dir string, result *Load) error {
	lake, quarantine := Path(l.Data, d.Source, d.ID, ".parquet"), QuarantinePath(l.Data, d.Source, d.ID)
	for _, target := range []string{lake, quarantine} {
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
	}
	// Remove the load record first, so that an interrupted load is not complete.
	record := Path(l.Data, d.Source, d.ID, ".json")
	if err := errors.Join(durable.RemoveIfExists(record), durable.SyncDir(filepath.Dir(record))); err != nil {
		return err
	}
	moves := map[string]string{filepath.Join(dir, "quarantine.parquet"): quarantine}
	if result.Accepted {
		moves[filepath.Join(dir, "lake.parquet")] = lake
	} else if err := durable.RemoveIfExists(lake); err != nil {
		return err
	}
	for from, to := range moves {
		err := durable.SyncFile(from)
		if errors.Is(err, os.ErrNotExist) {
			err = durable.RemoveIfExists(to)
		} else if err == nil {
			if err = os.Chmod(from, 0o600); err == nil {
				err = durable.Rename(from, to)
			}
		}
		if err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(record, append(text, '\n'), 0o600)
}
