package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
)

// A PlannedLoad is a delivery that a run would load.
type PlannedLoad struct {
	Source    string `json:"source"`
	Delivery  string `json:"delivery"`
	Peildatum string `json:"peildatum"`
	File      string `json:"file"`
	Why       string `json:"why"`
}

// PlanKey returns the key of the data directory, or any key if a run would make one.
func PlanKey(o datadir.Dir, loads map[string]*lake.Load) (*pseudonym.Key, error) {
	if len(loads) == 0 {
		return pseudonym.NewKey(make([]byte, 32))
	}
	return lake.OpenKey(o.Path, o.KeyFile, loads)
}

// A LoadPlan says what a run would load, with notes on files that it would not.
type LoadPlan struct {
	Loads []PlannedLoad
	Notes []string
}

// PlanLoads adds the files in the inbox to the book if inbox is set, and the loads that a run would make as
// if every delivery were accepted.
func (b *Book) PlanLoads(ctx context.Context, inbox bool) (*LoadPlan, error) {
	p := &LoadPlan{}
	landed := map[string]bool{}
	for _, d := range b.Deliveries {
		landed[keyOf(d)] = true
	}
	why := map[string]string{}
	if inbox {
		for _, c := range b.Project.Contracts {
			if err := b.planInbox(ctx, c, why, p); err != nil {
				return nil, err
			}
		}
	}
	for _, d := range b.InScope() {
		c, key := b.Project.Contract(d.Source), keyOf(d)
		old := b.Loads[key]
		if old.Current(b.Path, c, b.Key.Fingerprint()) && !old.Outdated(d, b.Accepted()) {
			continue
		}
		reason := "not loaded yet"
		switch {
		case why[key] != "":
			reason = why[key]
		case old.Current(b.Path, c, b.Key.Fingerprint()):
			reason = "accepted despite its limits"
			if old.Pakbon != d.Pakbon.Fingerprint() {
				reason = "its pakbon changed"
			}
		case old != nil && old.Retry:
			reason = "to be retried"
		case old != nil && old.Contract != c.Fingerprint():
			reason = "the contract changed"
		case old != nil && old.Loader != fingerprint.LoaderVersion:
			reason = "this version loads differently"
		case old != nil:
			reason = "its lake or quarantine file is missing"
		}
		if landed[key] && !durable.Exists(d.Original(b.Path)) && old.Complete(b.Path) {
			p.Notes = append(p.Notes, fmt.Sprintf("%s: %s, but its original is gone; the loaded rows stay in force", key, reason))
			continue
		}
		p.Loads = append(p.Loads, PlannedLoad{Source: d.Source, Delivery: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: reason})
		b.state = nil
		b.Loads[key] = &lake.Load{
			Source: d.Source, Delivery: d.ID, Accepted: true, Contract: c.Fingerprint(), Key: b.Key.Fingerprint(), Loader: fingerprint.LoaderVersion,
			Fingerprint: fingerprint.Of("load", d.SHA256, c.Fingerprint(), b.Key.Origin(), strconv.Itoa(fingerprint.LoaderVersion)),
		}
	}
	return p, nil
}

// planInbox adds the files of one source that a run would land, and records in why that they are new.
func (b *Book) planInbox(ctx context.Context, c *contract.Contract, why map[string]string, plan *LoadPlan) error {
	if c.Dir == "" {
		plan.Notes = append(plan.Notes, fmt.Sprintf("%s: a run looks for new files at %s; a plan does not connect to it", c.Name, c.From.Label()))
		return nil
	}
	folder := place.Directory{Path: filepath.Join(b.Path, filepath.FromSlash(c.Dir)), Glob: c.From.Glob}
	if !durable.Exists(folder.Path) {
		return nil
	}
	found, err := folder.List(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(x, y place.Found) int {
		return cmp.Or(x.Modified.Compare(y.Modified), cmp.Compare(x.Name, y.Name))
	})
	landed := map[string]string{} // the last id by peildatum
	for _, f := range found {
		peildatum, ok, err := c.Peildatum(path.Base(f.Name))
		if _, isPakbon := delivery.PakbonOf(f.Name); !ok || err != nil || f.Ignored != "" || isPakbon {
			continue
		}
		if !slices.ContainsFunc(found, func(p place.Found) bool { of, _ := delivery.PakbonOf(p.Name); return of == f.Name }) && delivery.WaitsForPakbon(c, f.Modified, b.Now()) {
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: waits for its pakbon", f.Name))
			continue
		}
		sum, err := hashFile(ctx, folder, f)
		if err != nil {
			return err
		}
		id := peildatum + "-" + sum[:12]
		before, ok := landed[peildatum]
		if !ok {
			d, _ := b.State().InForce(c.Name, peildatum)
			before = d.ID
		}
		if before == id {
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: identical to the delivery in force; a run ignores it", f.Name))
			continue
		}
		landed[peildatum], b.state = id, nil
		receipt := delivery.Receipt{Sequence: delivery.NextSequence(b.Deliveries, b.Decisions), File: f.Name, Modified: f.Modified}
		if i := slices.IndexFunc(b.Deliveries, func(d delivery.Delivery) bool { return d.Source == c.Name && d.ID == id }); i >= 0 {
			b.Deliveries[i].Receipts = append(slices.Clone(b.Deliveries[i].Receipts), receipt)
			plan.Notes = append(plan.Notes, fmt.Sprintf("%s: received again", f.Name))
			continue
		}
		b.Deliveries = append(b.Deliveries, delivery.Delivery{Source: c.Name, ID: id, Peildatum: peildatum, SHA256: sum, Receipts: []delivery.Receipt{receipt}})
		why[lake.Key(c.Name, id)] = "new in the inbox"
	}
	return nil
}

func hashFile(ctx context.Context, folder place.Directory, f place.Found) (sum string, err error) {
	in, err := folder.Open(ctx, f, 0)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", fmt.Errorf("read %s: %w", f.Name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
