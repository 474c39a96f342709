package alerts

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/dutch"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources/delivery"
)

// incidents returns the conditions of the last delivery of each source and peildatum. A refused delivery, or one
// with records in quarantine, is wrong until a later delivery is accepted.
func (t *Composer) incidents() []notify.Condition {
	state := t.State()
	newest := map[string]delivery.Delivery{}
	latest := map[string]int64{} // of accepted deliveries by source: the last receipt
	for _, d := range t.InScope() {
		s, _ := state.Standing(d.Source, d.ID)
		if t.Loads[lake.Key(d.Source, d.ID)] == nil || s.Status == delivery.Ingetrokken {
			continue
		}
		if s.Status == delivery.Aanvaard {
			latest[d.Source] = max(latest[d.Source], d.Newest().Sequence)
		}
		key := d.Source + " " + d.Peildatum
		if old, ok := newest[key]; !ok || old.Newest().Sequence < d.Newest().Sequence {
			newest[key] = d
		}
	}
	var out []notify.Condition
	for key, d := range newest {
		s, _ := state.Standing(d.Source, d.ID)
		out = append(out, t.incident(key, d, s, latest[d.Source] > d.Newest().Sequence))
	}
	slices.SortFunc(out, func(a, b notify.Condition) int { return cmp.Compare(a.Group, b.Group) })
	return out
}

// incidentCheck is the check of alerts about deliveries. Their group is a source with a peildatum.
const incidentCheck = "levering"

func (t *Composer) incident(key string, d delivery.Delivery, s delivery.Standing, over bool) notify.Condition {
	load := t.Loads[lake.Key(d.Source, d.ID)]
	file := pseudonym.Mask(d.Newest().File)
	v := notify.Condition{
		Check: incidentCheck, Group: key, Label: fmt.Sprintf("%s (%s)", strings.ReplaceAll(d.Source, "_", " "), dutch.Date(d.Peildatum)), Preposition: "van",
		Title: "levering", Ernst: string(rule.OK), Peildatum: d.Peildatum, Text: fmt.Sprintf("Het bestand %s is in orde.", file),
		Audience: []string{Audience{t.Project, nil}.supplier(d.Source)},
	}
	switch {
	case s.Status == delivery.Geweigerd:
		v.Title = "geweigerde levering"
		v.Ernst = notify.Alarm
		v.Text = fmt.Sprintf("Het bestand %s is geweigerd: %s. De cijfers blijven die van de vorige levering.", file, strings.Join(load.PublicReasonsFor(s), "; "))
		v.Action = "Verbeter het bestand en stuur het opnieuw, met dezelfde peildatum in de naam."
		v.Audience = append(v.Audience, notify.DataTeam)
	case load.Balance.InQuarantaine > 0:
		v.Title = "fouten in de levering"
		v.Ernst = notify.Waarschuwing
		some, all, _, _ := dutch.Part(big.NewRat(load.Balance.InQuarantaine, 1), big.NewRat(load.Balance.InQuarantaine+load.Balance.Geladen, 1))
		v.Text = fmt.Sprintf("Uit het bestand %s zijn %s van de %s records niet geladen, omdat er iets niet klopt. De andere records zijn geladen.",
			file, some, all)
		v.Action = "Verbeter de regels uit het overzicht en stuur het hele bestand opnieuw, of verbeter ze voor de volgende levering."
	}
	if load.Balance.InQuarantaine > 0 {
		v.Attachment = reportName(d)
	}
	if over && v.Ernst != string(rule.OK) {
		v.Ernst, v.Action, v.Attachment = string(rule.OK), "", ""
		v.Text = "Er is een latere levering aanvaard. Aan deze hoeft niets meer te gebeuren."
	}
	return v
}
