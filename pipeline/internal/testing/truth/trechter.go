package truth

import "slices"

// The steps of the trechter, in order.
var stappen = []string{"in_register", "in_sonar", "met_klantprofiel", "zichtbaar", "werkfit", "geplaatst"}

// Trechter is marts.trechter.
func (w *World) Trechter() *Table {
	t := &Table{
		Name: "trechter", Grain: []string{"peildatum", "gemeentecode", "stap"},
		Columns: []string{"peildatum", "gemeentecode", "gemeente", "stap", "volgorde", "personen", "personen_cumulatief"},
	}
	for _, date := range w.peildata(register, sonar, placement) {
		klanten := map[string]sonarKlant{}
		for _, k := range w.klanten(date) {
			klanten[k.persoon] = k
		}
		geplaatst := map[string]bool{}
		for _, p := range w.plaatsingen(date) {
			if p.loopt(date) {
				geplaatst[p.persoon] = true
			}
		}
		personen, cumulatief := map[*gemeente][]int{}, map[*gemeente][]int{}
		for id, p := range w.doelgroep(date) {
			if personen[p.gemeente] == nil {
				personen[p.gemeente], cumulatief[p.gemeente] = make([]int, len(stappen)), make([]int, len(stappen))
			}
			k, inSonar := klanten[id]
			all := true
			for i, gezet := range []bool{true, inSonar, k.profiel, k.zichtbaar, k.werkfit, geplaatst[id]} {
				all = all && gezet
				if gezet {
					personen[p.gemeente][i]++
				}
				if all {
					cumulatief[p.gemeente][i]++
				}
			}
		}
		for _, g := range w.overal() {
			if personen[g] == nil {
				if !slices.Contains(w.inRegion(date), g) {
					continue
				}
				personen[g], cumulatief[g] = make([]int, len(stappen)), make([]int, len(stappen))
			}
			for i, stap := range stappen {
				t.add(date, g.code, g.naam, stap, integer(i+1), integer(personen[g][i]), integer(cumulatief[g][i]))
			}
		}
	}
	return t
}
