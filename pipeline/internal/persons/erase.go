package persons

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
)

// Erased is what an erasure looked through. It is the same whether the person was there or not.
type Erased struct {
	Loads     int `json:"loads"`     // deliveries whose rows were written anew
	Originals int `json:"originals"` // that were looked through; those with the person are gone
	Versions  int `json:"versions"`  // of the marts
	Waiting   int `json:"waiting"`   // files in the inbox, which were not looked at
}

// Erase takes a person, by BSN, out of all that is kept: in the lake the id becomes one by chance that is
// kept nowhere, and so does what else names the rows, and columns that nothing counts are emptied; originals that hold the person go; marts about
// persons follow; results are removed, and computed again by the next run. The rows count as they did.
// It does the same work for every BSN, also one that nobody knows. Cut short before its switch it leaves
// everything as it was, but for the wish; after it, the next command that writes finishes it.
func Erase(ctx context.Context, o intake.Scope, site *publish.Site, bsn, who, reason string) (done *Erased, err error) {
	o.Who = who
	if err := datadir.CheckDecision(who, reason); err != nil {
		return nil, err
	}
	digits, status := pseudonym.Normalise(bsn)
	if !status.IsBSN() {
		return nil, usage.Errorf("what was given is no BSN: that has nine digits, which pass the elfproef")
	}
	r, release, err := holdProject(ctx, o, site, "inbeeld persoon wis")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if len(r.Loads) == 0 && len(r.Deliveries) == 0 {
		return nil, usage.Errorf("nothing has been delivered to %s yet", o.Path)
	}
	key, err := lake.OpenKey(o.Path, o.KeyFile, r.Loads)
	if err != nil {
		return nil, err
	}
	r.Key = key
	if err := allLoaded(r); err != nil {
		return nil, err
	}
	g, err := graph.Open(ctx, r.Project)
	if err != nil {
		return nil, err
	}
	unread, err := g.UnusedColumns(ctx)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	anew, err := pseudonym.NewKey(secret)
	if err != nil {
		return nil, err
	}
	w := &rewrite{Kind: datadir.Erasure, Person: key.Pseudonym(digits), Secret: hex.EncodeToString(secret), unread: unread}
	done = &Erased{Loads: len(r.Loads)}
	if done.Originals, err = searchOriginals(r, ctx, w, pseudonym.BSN(digits)); err != nil {
		return nil, err
	}
	if done.Waiting, err = inInbox(r); err != nil {
		return nil, err
	}
	versions, err := site.Store.Versions()
	if err != nil {
		return nil, err
	}
	done.Versions = len(versions)
	logged := func() error {
		return datadir.Record(o.Dir, "persoon wis", reason, map[string]int64{"deliveries": int64(done.Loads), "originals looked through": int64(done.Originals)})
	}
	if err := prepare(site, ctx, r.Project, w, anew, logged); err != nil {
		return nil, err
	}
	return done, carryOut(site, ctx, w)
}

// allLoaded refuses while something landed that was not loaded: its rows would come afterwards, with the
// person in it. What has no contract, or could not be opened for want of something of ours, has no rows to
// come, and its original goes.
func allLoaded(r *intake.Book) error {
	for _, d := range r.Deliveries {
		load := r.Loads[lake.Key(d.Source, d.ID)]
		_, err := os.Stat(d.Original(r.Path))
		gone := errors.Is(err, os.ErrNotExist)
		if r.Project.Contract(d.Source) == nil || r.Settled(d) || load != nil && (load.Retry || gone && load.Complete(r.Path)) {
			continue
		}
		return usage.Errorf("delivery %s/%s is not loaded yet; run inbeeld run first, and then repeat this", d.Source, d.ID)
	}
	return nil
}

// inInbox counts the files that no run has taken in yet.
func inInbox(r *intake.Book) (files int, err error) {
	for _, c := range r.Project.Contracts {
		if c.Dir == "" {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(r.Path, filepath.FromSlash(c.Dir)))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		files += len(entries)
	}
	return files, nil
}
