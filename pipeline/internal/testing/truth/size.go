package truth

// A Size counts people on a date in the rows as delivered, without gemeente, categorie or any other
// dimension of a mart.
type Size struct {
	Personen, Klanten, Clienten, Lopend int
}

// Size counts the deliveries in force on a date.
func (w *World) Size(date string) Size {
	distinct := func(source string, counts func(Row) bool) int {
		personen := map[string]bool{}
		if d := w.on(source, date); d != nil {
			for _, r := range d.Rows {
				if counts(r) {
					personen[r["persoon_id"]] = true
				}
			}
		}
		return len(personen)
	}
	n := Size{
		Personen: distinct(register, func(r Row) bool {
			return between(r["begindatum"], r["einddatum"], date) && r["begindatum"] != r["einddatum"]
		}),
		Klanten:  distinct(sonar, func(Row) bool { return true }),
		Clienten: distinct(clients, func(Row) bool { return true }),
	}
	if d := w.on(placement, date); d != nil {
		for _, r := range d.Rows {
			if between(r["begindatum"], r["einddatum"], date) {
				n.Lopend++
			}
		}
	}
	return n
}
