package truth

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Row is a record as loaded, by column: texts and codes as written, numbers with a decimal point, dates as
// yyyy-mm-dd, true and false. Missing and empty values are "".
type Row map[string]string

// A Delivery is a file as received, with the result of loading it.
type Delivery struct {
	Source, ID, Peildatum string
	// File and Modified are those of the last receipt.
	File     string
	Modified time.Time
	// Accepted is the verdict of loading, with its reasons.
	Accepted bool
	Reasons  []string

	Records, Geladen, InQuarantaine, Hersteld, Voorloopnul, NietData int
	Elfproef, DubbeleSleutels                                        int
	TotaalRegel                                                      *int
	KolommenAfwezig, KolommenNieuw, KolommenHernoemd                 []string
	VolgordeAnders                                                   bool
	Aandelen                                                         []Aandeel
	Rows                                                             []Row

	receipt    int    // number of its last receipt, among all receipts and withdrawals
	withdrawal int    // number of its last withdrawal, or 0
	why        string // the reason of that withdrawal
}

// An Aandeel is the share of the values of a column that are present, or written in one way.
type Aandeel struct {
	Kolom, Wijze   string // without Wijze: present
	Teller, Noemer int
}

// A Status is the status of a delivery.
type Status string

// The statuses.
const (
	Aanvaard    Status = "aanvaard"
	Geweigerd   Status = "geweigerd"
	Vervangen   Status = "vervangen"
	Ingetrokken Status = "ingetrokken"
)

// A World has all deliveries, the decisions on them, and the reference tables.
type World struct {
	reference  map[string][]Row
	gemeenten  []*gemeente
	deliveries []*Delivery
	events     int
	pulled     map[string]string // last id in the current pull, by source and peildatum
}

// NewWorld returns a World without deliveries. The reference tables are those of the project, by name.
func NewWorld(reference map[string][]Row) *World {
	return &World{reference: reference, gemeenten: gemeenten(reference["gemeenten"])}
}

// Pull begins a pull: deliveries received from now on are judged together afterwards.
func (w *World) Pull() { w.pulled = map[string]string{} }

// Receive receives a file, in the order in which files were made. A file with the same bytes as the one in
// force for its peildatum is ignored. Within a pull, where acceptance is not yet known, so is a file with
// the same bytes as the last one received.
func (w *World) Receive(d Delivery) {
	key := d.Source + " " + d.Peildatum
	last, ok := w.pulled[key]
	if inForce := w.inForce(d.Source, d.Peildatum); !ok && inForce != nil {
		last = inForce.ID
	}
	if last == d.ID {
		return
	}
	w.pulled[key] = d.ID
	w.events++
	for _, known := range w.deliveries {
		if known.Source == d.Source && known.ID == d.ID {
			known.File, known.Modified, known.receipt = d.File, d.Modified, w.events
			return
		}
	}
	d.receipt = w.events
	w.deliveries = append(w.deliveries, &d)
}

// Withdraw withdraws a delivery until it is received again.
func (w *World) Withdraw(source, id, reason string) {
	w.events++
	for _, d := range w.deliveries {
		if d.Source == source && d.ID == id {
			d.withdrawal, d.why = w.events, reason
		}
	}
}

// Deliveries returns all deliveries in order of first receipt.
func (w *World) Deliveries() []*Delivery { return w.deliveries }

// inForce returns the delivery in force with exactly that peildatum: of those accepted and not withdrawn,
// the one received last.
func (w *World) inForce(source, peildatum string) *Delivery {
	var last *Delivery
	for _, d := range w.deliveries {
		counts := d.Accepted && d.receipt > d.withdrawal
		if d.Source == source && d.Peildatum == peildatum && counts && (last == nil || d.receipt > last.receipt) {
			last = d
		}
	}
	return last
}

// StatusOf returns the status of a delivery, with its reasons.
func (w *World) StatusOf(d *Delivery) (Status, []string) {
	switch {
	case d.withdrawal > d.receipt:
		return Ingetrokken, []string{d.why}
	case !d.Accepted:
		return Geweigerd, d.Reasons
	case w.inForce(d.Source, d.Peildatum) == d:
		return Aanvaard, nil
	}
	return Vervangen, nil
}

// accepted returns the peildata of the accepted deliveries of a source, in order.
func (w *World) accepted(source string) []string {
	dates := map[string]bool{}
	for _, d := range w.deliveries {
		if d.Source == source && w.inForce(source, d.Peildatum) == d {
			dates[d.Peildatum] = true
		}
	}
	return slices.Sorted(maps.Keys(dates))
}

// on returns the last accepted delivery of a source up to a date, or nil.
func (w *World) on(source, date string) *Delivery {
	var found *Delivery
	for _, p := range w.accepted(source) {
		if p <= date {
			found = w.inForce(source, p)
		}
	}
	return found
}

// rows returns the rows of the last accepted delivery of a source up to a date.
func (w *World) rows(source, date string) []Row {
	if d := w.on(source, date); d != nil {
		return d.Rows
	}
	return nil
}

// peildata returns the dates on which a mart that reads these sources has a stand: the peildata of any of
// them, from the first by which all have been delivered.
func (w *World) peildata(sources ...string) []string {
	dates := map[string]bool{}
	from := ""
	for _, s := range sources {
		accepted := w.accepted(s)
		if len(accepted) == 0 {
			return nil
		}
		from = max(from, accepted[0])
		for _, p := range accepted {
			dates[p] = true
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(dates)), func(p string) bool { return p < from })
}

// last returns the last peildatum of a source, or "".
func (w *World) last(source string) string {
	accepted := w.accepted(source)
	if len(accepted) == 0 {
		return ""
	}
	return accepted[len(accepted)-1]
}

// The sources.
const (
	register  = "doelgroepregister"
	sonar     = "sonar"
	placement = "plaatsingen"
	clients   = "clientenbestand"
	requests  = "aanvragen"
	trend     = "uwv_trend"
)

// KwaliteitLeveringen is marts.kwaliteit_leveringen.
func (w *World) KwaliteitLeveringen() *Table {
	t := newTable("kwaliteit_leveringen", "bron levering", `
		bron levering peildatum bestand ontvangen_op status reden records geladen in_quarantaine hersteld
		voorloopnul niet_data elfproef dubbele_sleutels totaal_regel kolommen_afwezig kolommen_nieuw
		volgorde_anders kolommen_hernoemd aandelen_anders toegestaan is_laatste`)
	for _, d := range w.deliveries {
		status, reasons := w.StatusOf(d)
		totaal := Null
		if d.TotaalRegel != nil {
			totaal = integer(*d.TotaalRegel)
		}
		laatste := strconv.FormatBool(status == Aanvaard && d.Peildatum == w.last(d.Source))
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
