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

// Erased counts what an erasure processed. The counts do not depend on whether the person was found.
type Erased struct {
	Loads     int `json:"loads"`     // deliveries whose rows were rewritten
	Originals int `json:"originals"` // originals searched; those that contain the person are removed
	Versions  int `json:"versions"`  // versions of the marts
	Waiting   int `json:"waiting"`   // files in the inbox, which were not searched
}

// Erase removes a person, given by BSN, from all stored data. In the lake it replaces the id and the key of
// the person's rows by random ones, and empties columns that nothing reads. It removes originals that
// contain the person, rewrites person-level marts, and removes results, which the next run computes again.
// Row counts do not change. It does the same work for every BSN, known or not. If it is interrupted before
// its switch, only its journal remains; after the switch, the next command that writes finishes it.
func Erase(ctx context.Context, o intake.Scope, site *publish.Site, bsn, who, reason string) (done *Erased, err error) {
	o.Who = who
	if err := datadir.CheckDecision(who, reason); err != nil {
		return nil, err
	}
	digits, status := pseudonym.Normalise(bsn)
	if !status.IsBSN() {
		return nil, usage.Errorf("this is not a BSN: a BSN has nine digits and passes the elfproef")
	}
	b, release, err := lockForRewrite(ctx, o, site, "inbeeld persoon wis")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if len(b.Loads) == 0 && len(b.Deliveries) == 0 {
		return nil, usage.Errorf("%s has no deliveries yet", o.Path)
	}
	if b.Key, err = lake.OpenKey(o.Path, o.KeyFile, b.Loads); err != nil {
		return nil, err
	}
	if err := checkLoaded(b); err != nil {
		return nil, err
	}
	g, err := graph.Open(ctx, b.Project)
	if err != nil {
		return nil, err
	}
	unused, err := g.UnusedColumns(ctx)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	newKey, err := pseudonym.NewKey(secret)
	if err != nil {
		return nil, err
	}
	w := &rewrite{Kind: datadir.Erasure, Person: b.Key.Pseudonym(digits), Secret: hex.EncodeToString(secret), unused: unused}
	done = &Erased{Loads: len(b.Loads)}
	if done.Originals, err = searchOriginals(ctx, b, w, pseudonym.BSN(digits)); err != nil {
		return nil, err
	}
	if done.Waiting, err = countInbox(b); err != nil {
		return nil, err
	}
	versions, err := site.Store.Versions()
	if err != nil {
		return nil, err
	}
	done.Versions = len(versions)
	counts := map[string]int64{"deliveries": int64(done.Loads), "originals looked through": int64(done.Originals)}
	return done, w.carryOut(ctx, b, site, newKey, reason, counts)
}

// checkLoaded returns an error if a delivery still has to be loaded: its rows would bring the person back.
// A delivery without a contract, or one that could not be opened because of our own configuration, has no
// rows to come, and its original is removed.
func checkLoaded(b *intake.Book) error {
	for _, d := range b.Deliveries {
		load := b.Loads[lake.Key(d.Source, d.ID)]
		_, err := os.Stat(d.Original(b.Path))
		gone := errors.Is(err, os.ErrNotExist)
		if b.Project.Contract(d.Source) == nil || b.Settled(d) || load != nil && (load.Retry || gone && load.Complete(b.Path)) {
			continue
		}
		return usage.Errorf("delivery %s/%s is not loaded yet; run inbeeld run first, then repeat this", d.Source, d.ID)
	}
	return nil
}

// countInbox counts the files that no run has taken in yet.
func countInbox(b *intake.Book) (files int, err error) {
	for _, c := range b.Project.Contracts {
		if c.Dir == "" {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(b.Path, filepath.FromSlash(c.Dir)))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		files += len(entries)
	}
	return files, nil
}
