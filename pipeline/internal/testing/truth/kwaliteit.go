package truth

import (
	"fmt"
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
			"kolommen_afwezig", "kolommen_nieuw", "volgorde_anders",
			"kolommen_hernoemd", "aandelen_anders", "toegestaan", "is_laatste",
		},
	}
	for _, d := range w.deliveries {
		status, reasons := w.StatusOf(d)
		totaal := Null
		if d.TotaalRegel != nil {
			totaal = integer(*d.TotaalRegel)
		}
		laatste := "false"
		if status == Aanvaard && d.Peildatum == w.last(d.Source) {
			laatste = "true"
		}
		t.add(d.Source, d.ID, d.Peildatum, d.File, d.Modified.UTC().Format("2006-01-02 15:04:05"), string(status), list(reasons),
			integer(d.Records), integer(d.Geladen), integer(d.InQuarantaine), integer(d.Hersteld), integer(d.Voorloopnul), integer(d.NietData),
			integer(d.Elfproef), integer(d.DubbeleSleutels), totaal, list(d.KolommenAfwezig), list(d.KolommenNieuw), strconv.FormatBool(d.VolgordeAnders),
			list(d.KolommenHernoemd), list(w.aandelenAnders(d, true)), Null, laatste) // no contract tolerates anything
	}
	return t
}

func list(texts []string) string { return orNull(strings.Join(texts, "; ")) }

// aandelenAnders returns the shares of a delivery that differ by ten points or more from those of the
// delivery in force before its peildatum: a column filled more or less often, a notation used more often.
// Both sides need at least twenty values. The percentages are appended on request.
func (w *World) aandelenAnders(d *Delivery, percentages bool) (out []string) {
	before := w.on(d.Source, plus(d.Peildatum, -1))
	if before == nil {
		return nil
	}
	for _, nu := range d.Aandelen {
		for _, toen := range before.Aandelen {
			if toen.Kolom != nu.Kolom || toen.Wijze != nu.Wijze || toen.Noemer < 20 || nu.Noemer < 20 {
				continue
			}
			up := nu.Teller*toen.Noemer - toen.Teller*nu.Noemer
			ten := (toen.Noemer * nu.Noemer)
			was, is, wijze := procent(toen.Teller, toen.Noemer), procent(nu.Teller, nu.Noemer), nu.Wijze
			switch {
			case 10*up >= ten && wijze == "":
				wijze = "gevuld"
			case 10*up >= ten:
			case -10*up >= ten && wijze == "":
				wijze, was, is = "leeg", 100-was, 100-is
			default:
				continue
			}
			text := nu.Kolom + ": vaker " + wijze
			if percentages {
				text += fmt.Sprintf(" (%d%% → %d%%)", was, is)
			}
			out = append(out, text)
		}
	}
	return out
}

// procent returns a percentage rounded half up.
func procent(teller, noemer int) int { return (teller*200 + noemer) / (noemer * 2) }
