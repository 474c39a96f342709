package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"inbeeld/checks"
	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/notify"
)

// overdueCheck names the check that nothing stays longer than was agreed. Its groups are folders.
const overdueCheck = "bewaartermijn"

// betweenRuns is how long something may wait for the run that removes it, before it is wrong.
const betweenRuns = 2 * day

// An overdue is how many things in a folder have stayed too long.
type overdue struct {
	folder, text, action string
	n                    int
}

// overdues counts what is there longer than retention says, and so much longer.
func (r *Book) overdues(spare time.Duration) ([]overdue, error) {
	days := cmp.Or(r.Retain.Landing, retainLanding)
	before := r.Now().Add(-spare)
	landing := overdue{
		folder: "landing", text: fmt.Sprintf("Bestanden van leveranciers die langer dan %d dagen geleden zijn ontvangen en nog niet zijn gewist", days),
		action: "Kijk in het verslag van de laatste run (inbeeld show) waarom wissen niet lukt, en of het bestand is ingelezen (inbeeld deliveries). Wis het anders met de hand.",
	}
	lakeFile := overdue{
		folder: "lake", text: fmt.Sprintf("Leveringen die langer dan %d dagen geleden zijn ontvangen en nog niet zijn gewist", r.Retain.Lake),
		action: "Kijk in het verslag van de laatste run (inbeeld show) waarom wissen niet lukt. Van een bron zonder contract wordt niets gewist: haal die dan zelf weg uit landing, lake en quarantine.",
	}
	gone := r.gone()
	for _, d := range r.Deliveries {
		if aged(d, days, before) && durable.IsThere(d.Original(r.Path)) {
			landing.n++
		}
		key := lake.Key(d.Source, d.ID)
		if r.Retain.Lake > 0 && r.Loads[key] != nil && r.Project.Contract(d.Source) == nil && aged(d, r.Retain.Lake, before) {
			lakeFile.n++
		}
		if sequence, let := gone[key]; !let || sequence < d.Newest().Sequence {
			continue
		}
		for _, path := range r.filesOf(d)[:3] {
			if durable.IsThere(path) {
				lakeFile.n++
				break
			}
		}
	}
	if r.Retain.Lake > 0 { // what goes by itself is announced for a night
		lakeFile.n += len(r.expiring(r.Now().Add(-betweenRuns)))
	}
	waiting, err := stale(filepath.Join(r.Path, "inbox"), before.Add(-time.Duration(days)*day))
	inbox := overdue{
		folder: "inbox", text: fmt.Sprintf("Bestanden die langer dan %d dagen in de inbox staan en niet zijn ingelezen", days), n: waiting,
		action: "Haal deze bestanden weg uit de inbox, of zorg dat ze bij een bron horen: inbeeld show zegt wat er aan de naam niet klopt.",
	}
	return []overdue{inbox, landing, lakeFile}, err
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

// finding is what runs and status say of it.
func (o overdue) finding() ledger.Finding {
	return ledger.Finding{Check: overdueCheck, Group: o.folder, Ernst: string(checks.Alarm), Text: fmt.Sprintf("%s: %d.", o.text, o.n), Action: o.action}
}

// verdict is what messages are made of, also when it is in order.
func (o overdue) verdict(today time.Time) notify.Verdict {
	v := notify.Verdict{
		Check: overdueCheck, Group: o.folder, Title: "langer bewaard dan afgesproken", Ernst: string(checks.OK), Peildatum: today.Format(time.DateOnly),
		Text: "Wat langer is bewaard dan afgesproken, is gewist.", Audience: []string{notify.DataTeam},
	}
	if o.n > 0 {
		v.Ernst, v.Text, v.Action = notify.Alarm, o.finding().Text, o.action
	}
	return v
}
