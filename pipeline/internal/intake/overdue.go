package intake

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/ledger"
)

// OverdueCheck is the check that nothing is stored longer than its retention. Its groups are folders.
const OverdueCheck = "bewaartermijn"

// RemovalGrace is how long something may stay after its retention, until the run that removes it.
const RemovalGrace = 2 * Day

// An Overdue counts the files or deliveries in a folder that have stayed too long.
type Overdue struct {
	Folder, text, Action string
	Count                int
}

// countBefore counts the files below a folder that were put there before a moment. It uses their change
// times, since a supplier can set modification times.
func countBefore(root string, moment time.Time) (n int, err error) {
	err = datadir.EachFile(root, func(info fs.FileInfo) {
		changed := info.ModTime()
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			changed = time.Unix(st.Ctim.Unix())
		}
		if changed.Before(moment) {
			n++
		}
	})
	if err != nil {
		return 0, fmt.Errorf("find old files in the inbox: %w", err)
	}
	return n, nil
}

// OverdueTitle is the title of a finding about data that should have been erased.
const OverdueTitle = "langer bewaard dan afgesproken"

// Finding returns the finding that run reports and the status show.
func (o Overdue) Finding() ledger.Finding {
	return ledger.Finding{Check: OverdueCheck, Group: o.Folder, Ernst: string(rule.Alarm), Title: OverdueTitle, Text: fmt.Sprintf("%s: %d.", o.text, o.Count), Action: o.Action}
}

// Overdue counts what has stayed longer than its retention plus grace, by folder.
func (b *Book) Overdue(grace time.Duration) ([]Overdue, error) {
	days := cmp.Or(b.Retain.Landing, RetainLanding)
	before := b.Now().Add(-grace)
	landing := Overdue{
		Folder: "landing", text: fmt.Sprintf("Bestanden van leveranciers die langer dan %d dagen geleden zijn ontvangen en nog niet zijn gewist", days),
		Action: "Kijk in het verslag van de laatste run (inbeeld show) waarom wissen niet lukt, en of het bestand is ingelezen (inbeeld deliveries). Wis het anders met de hand.",
	}
	load := Overdue{
		Folder: "lake", text: fmt.Sprintf("Leveringen die langer dan %d dagen geleden zijn ontvangen en nog niet zijn gewist", b.Retain.Lake),
		Action: "Kijk in het verslag van de laatste run (inbeeld show) waarom wissen niet lukt. Van een bron zonder contract wordt niets gewist: haal die dan zelf weg uit landing, lake en quarantine.",
	}
	expired := b.expired()
	for _, d := range b.Deliveries {
		if aged(d, days, before) && durable.LinkExists(d.Original(b.Path)) {
			landing.Count++
		}
		if b.Retain.Lake > 0 && b.load(d) != nil && b.Project.Contract(d.Source) == nil && aged(d, b.Retain.Lake, before) {
			load.Count++
		}
		if expired(d) && slices.ContainsFunc(b.loadFiles(d), durable.LinkExists) {
			load.Count++
		}
	}
	if b.Retain.Lake > 0 { // an expiry is announced one night ahead
		load.Count += len(b.expiring(b.Now().Add(-RemovalGrace)))
	}
	waiting, err := countBefore(filepath.Join(b.Path, "inbox"), before.Add(-time.Duration(days)*Day))
	inbox := Overdue{
		Folder: "inbox", text: fmt.Sprintf("Bestanden die langer dan %d dagen in de inbox staan en niet zijn ingelezen", days), Count: waiting,
		Action: "Haal deze bestanden weg uit de inbox, of zorg dat ze bij een bron horen: inbeeld show zegt wat er aan de naam niet klopt.",
	}
	return []Overdue{inbox, landing, load}, err
}
