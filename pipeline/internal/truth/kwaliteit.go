package truth

import (
	"strconv"
	"strings"
)

// KwaliteitLeveringen is marts.kwaliteit_leveringen.
func (w *World) KwaliteitLeveringen() *Table {
	t := &Table{
		Name: "kwaliteit_leveringen", Grain: []string{"bron", "levering"},
		Columns: []string{
			"bron", "levering", "peildatum", "bestand", "ontvangen_op", "status", "reden", "records", "geladen", "in_quarantaine",
			"hersteld", "voorloopnul", "niet_data", "elfproef", "dubbele_sleutels", "totaal_regel",
			"kolommen_afwezig", "kolommen_nieuw", "volgorde_anders", "is_laatste",
		},
	}
	for _, d := range w.deliveries {
		status, reasons := w.Standing(d)
		totaal := Null
		if d.TotaalRegel != nil {
			totaal = whole(*d.TotaalRegel)
		}
		laatste := "false"
		if status == Aanvaard && d.Peildatum == w.last(d.Source) {
			laatste = "true"
		}
		t.add(d.Source, d.ID, d.Peildatum, d.File, d.Modified.UTC().Format("2006-01-02 15:04:05"), string(status), list(reasons),
			whole(d.Records), whole(d.Geladen), whole(d.InQuarantaine), whole(d.Hersteld), whole(d.Voorloopnul), whole(d.NietData),
			whole(d.Elfproef), whole(d.DubbeleSleutels), totaal, list(d.KolommenAfwezig), list(d.KolommenNieuw), strconv.FormatBool(d.VolgordeAnders), laatste)
	}
	return t
}

func list(texts []string) string { return orNull(strings.Join(texts, "; ")) }
