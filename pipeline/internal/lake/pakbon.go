package lake

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// addSums sets in sums the sum of each numeric column, over all readable values, also those in quarantine. It
// does nothing if sums is nil.
func addSums(ctx context.Context, s *duck.Session, c *contract.Contract, loaded string, sums map[string]*big.Rat) error {
	if sums == nil {
		return nil
	}
	var names, list []string
	for _, col := range c.Columns {
		if col.Type == contract.Integer || col.Type == contract.Decimal {
			names = append(names, strings.ToLower(col.Name))
			list = append(list, "coalesce(sum("+quote.Ident(col.As)+"), 0)::varchar")
		}
	}
	if len(list) == 0 {
		return nil
	}
	row, err := s.Row(ctx, "select "+strings.Join(list, ", ")+" from read_parquet("+quote.Literal(loaded)+")")
	if err != nil {
		return err
	}
	for i, name := range names {
		sum, ok := new(big.Rat).SetString(*row[i])
		if !ok {
			return fmt.Errorf("the sum of column %s is not a number: %s", name, *row[i])
		}
		sums[name] = sum
	}
	return nil
}

// judgePakbon compares the counts and sums with what the supplier says was delivered.
func judgePakbon(c *contract.Contract, d delivery.Delivery, l *Load) {
	data := l.Balance.Geladen + l.Balance.InQuarantaine
	if c.Pakbon.Trailer {
		switch {
		case l.Total == nil || l.Total.Count == nil:
			l.refuse("de totaalregel met het aantal records ontbreekt")
		case *l.Total.Count != data:
			l.refuse("de totaalregel telt %v records, het bestand %v", *l.Total.Count, data)
		}
	}
	p := d.Pakbon
	switch {
	case p == nil && c.Pakbon.Required:
		l.refuse("de pakbon ontbreekt")
	case p == nil:
	case p.Onleesbaar:
		l.refuse("de pakbon is niet te lezen")
	default:
		if p.SHA256 != "" && p.SHA256 != d.SHA256 {
			l.refuse("de sha256 van het bestand is niet die van de pakbon")
		}
		if p.Rijen != nil && *p.Rijen != data {
			l.refuse("de pakbon telt %v records, het bestand %v", *p.Rijen, data)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Sommen)) {
			stated, _ := new(big.Rat).SetString(p.Sommen[name])
			counted, known := l.sums[columnName(c, name)]
			switch {
			case !known:
				l.refuse("de pakbon geeft een som van kolom %s, maar die heeft geen getallen", name)
			case stated.Cmp(counted) != 0:
				l.refuse("de som van kolom %s is %s, volgens de pakbon %s", name, amount(counted), amount(stated))
			}
		}
	}
}

// columnName returns the name of a column in lower case, given a name or alias, or "".
func columnName(c *contract.Contract, alias string) string {
	for _, col := range c.Columns {
		for _, name := range append([]string{col.Name}, col.Aliases...) {
			if strings.EqualFold(name, strings.TrimSpace(alias)) {
				return strings.ToLower(col.Name)
			}
		}
	}
	return ""
}
