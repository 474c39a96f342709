package intake

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
)

// OverdueCheck names the check that nothing stays longer than was agreed. Its groups are folders.
const OverdueCheck = "bewaartermijn"

// BetweenRuns is how long something may wait for the run that removes it, before it is wrong.
const BetweenRuns = 2 * Day

// An Overdue is how many things in a folder have stayed too long.
type Overdue struct {
	Folder, text, Action string
	Count                int
}

// stale counts the files below a folder that came there before a moment, whatever time they bear.
func stale(root string, moment time.Time) (n int, err error) {
	err = filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil && !entry.IsDir() {
			info, err = entry.Info()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || info == nil {
			return err
		}
		came := info.ModTime()
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			came = time.Unix(st.Ctim.Unix())
		}
		if came.Before(moment) {
			n++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look how long files are in the inbox: %w", err)
	}
	return n, nil
}

// KeptTooLong is the title of a finding about what should have been erased.
const KeptTooLong = "langer bewaard dan afgesproken"

// Finding is what runs and status say of it.
func (o Overdue) Finding() ledger.Finding {
	return ledger.Finding{Check: OverdueCheck, Group: o.Folder, Ernst: string(rule.Alarm), Title: KeptTooLong, Text: fmt.Sprintf("%s: %d.", o.text, o.Count), Action: o.Action}
}

// overdues counts what is there longer than retention says, and so much longer.
func (b *Book) Overdue(spare time.Duration) ([]Overdue, error) {
	days := cmp.Or(b.Retain.Landing, RetainLanding)
	before := b.Now().Add(-spare)
	landing := Overdue{
		Folder: "landing", text: fmt.Sprintf("Bestanden van leveranciers die langer dan %d dagen geleden zijn ontvangen en nog niet zijn gewist", days),
		Action: "Kijk in het verslag van de laatste run (inbeeld show) waarom wissen niet lukt, en of het bestand is ingelezen (inbeeld deliveries). Wis het anders met de hand.",
	}
	lakeFile := Overdue{
		Folder: "lake", text: fmt.Sprintf("Leveringen die langer dan %d dagen geleden zijn ontvangen en nog niet zijn gewist", b.Retain.Lake),
		Action: "Kijk in het verslag van de laatste run (inbeeld show) waarom wissen niet lukt. Van een bron zonder contract wordt niets gewist: haal die dan zelf weg uit landing, lake en quarantine.",
	}
	gone := b.expired()
	for _, d := range b.Deliveries {
		if aged(d, days, before) && durable.LinkExists(d.Original(b.Path)) {
			landing.Count++
		}
		key := lake.Key(d.Source, d.ID)
		if b.Retain.Lake > 0 && b.Loads[key] != nil && b.Project.Contract(d.Source) == nil && aged(d, b.Retain.Lake, before) {
			lakeFile.Count++
		}
		if sequence, let := gone[key]; !let || sequence < d.Newest().Sequence {
			continue
		}
		for _, path := range b.filesOf(d)[:3] {
			if durable.LinkExists(path) {
				lakeFile.Count++
				break
			}
		}
	}
	if b.Retain.Lake > 0 { // what goes by itself is announced for a night
		lakeFile.Count += len(b.expiring(b.Now().Add(-BetweenRuns)))
	}
	waiting, err := stale(filepath.Join(b.Path, "inbox"), before.Add(-time.Duration(days)*Day))
	inbox := Overdue{
		Folder: "inbox", text: fmt.Sprintf("Bestanden die langer dan %d dagen in de inbox staan en niet zijn ingelezen", days), Count: waiting,
		Action: "Haal deze bestanden weg uit de inbox, of zorg dat ze bij een bron horen: inbeeld show zegt wat er aan de naam niet klopt.",
	}
	return []Overdue{inbox, landing, lakeFile}, err
}
