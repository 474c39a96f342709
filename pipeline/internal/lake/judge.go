package lake

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sql/quote"
)

// Judge accepts or refuses a delivery, and gives the reasons; judgePakbon may have added some before. A person
// who accepted the delivery overrides the limits, and nothing else.
func Judge(c *contract.Contract, l *Load, accepted bool) {
	data := l.Balance.Geladen + l.Balance.InQuarantaine
	switch {
	case !l.Header.Found:
		where := "geen kopregel gevonden in de eerste 50 records"
		if l.Form.SeparateHeader() {
			where = "te weinig kolommen herkend"
		}
		l.refuse("%s; verwacht: %s", where, strings.Join(requiredNames(c), ", "))
	case data == 0:
		l.refuse("geen gegevensregels")
	}
	for _, name := range l.Header.Missing {
		l.refuse("verplichte kolom %s ontbreekt", name)
	}
	beforeLimits := len(l.Reasons)
	if exceeds(l.Balance.InQuarantaine, data, c.Limits.Quarantined) && l.Balance.InQuarantaine >= c.Limits.Minimum {
		l.refuseShare(l.Balance.InQuarantaine, data, "records in quarantaine", c.Limits.Quarantined)
	}
	if exceeds(l.Elfproef, data, c.Limits.Elfproef) && l.Elfproef >= c.Limits.Minimum {
		l.refuseShare(l.Elfproef, data, "BSN's voldoen niet aan de elfproef", c.Limits.Elfproef)
	}
	l.LimitsOnly = beforeLimits == 0 && len(l.Reasons) > 0 && l.Balance.Balanced()
	if !l.Balance.Balanced() {
		l.refuse("de telling sluit niet: %v records, maar %v geladen, %v in quarantaine en %v geen gegevens",
			l.Balance.Records, l.Balance.Geladen, l.Balance.InQuarantaine, l.Balance.NietData)
	}
	l.Accepted = len(l.Reasons) == 0 || accepted && l.LimitsOnly
}

// refuse adds a reason. Each int64 is a count of records, which is hidden from readers if it is small.
func (l *Load) refuse(format string, args ...any) {
	l.Reasons = append(l.Reasons, pseudonym.Mask(fmt.Sprintf(format, args...)))
	for i, arg := range args {
		if n, ok := arg.(int64); ok {
			args[i] = dutch.Count(big.NewRat(n, 1))
		}
	}
	l.PublicReasons = append(l.PublicReasons, pseudonym.Mask(fmt.Sprintf(format, args...)))
}

// refuseShare adds the reason that a share of the records exceeds a limit.
func (l *Load) refuseShare(part, total int64, what string, limit *big.Rat) {
	const format = "%s van %s %s (grens %s%%)"
	l.Reasons = append(l.Reasons, fmt.Sprintf(format, strconv.FormatInt(part, 10), strconv.FormatInt(total, 10), what, percent(limit)))
	some, all, _, _ := dutch.Part(big.NewRat(part, 1), big.NewRat(total, 1))
	l.PublicReasons = append(l.PublicReasons, fmt.Sprintf(format, some, all, what, percent(limit)))
}

// PublicReasonsFor returns why a delivery has its standing, without small counts.
func (l *Load) PublicReasonsFor(s delivery.Standing) []string {
	switch {
	case s.Status == delivery.Ingetrokken, len(s.Reasons) == 0:
		return s.Reasons
	case l == nil || len(l.PublicReasons) == 0: // loaded by an earlier release
		return []string{"de redenen geeft: inbeeld deliveries show"}
	}
	return l.PublicReasons
}

func requiredNames(c *contract.Contract) []string {
	var names []string
	for _, col := range c.Columns {
		if col.Required {
			names = append(names, col.Name)
		}
	}
	return names
}

// exceeds reports whether part/total is more than limit, exactly.
func exceeds(part, total int64, limit *big.Rat) bool {
	return total > 0 && big.NewRat(part, total).Cmp(limit) > 0
}

func percent(r *big.Rat) string {
	return dutch.Plain(new(big.Rat).Mul(r, big.NewRat(100, 1)).FloatString(2))
}

// amount formats a number in Dutch, with all its decimals.
func amount(r *big.Rat) string { return dutch.Plain(r.FloatString(15)) }

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
