package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

// DeliveriesNotIn returns the deliveries of m, "source/id", that another version lacks.
func DeliveriesNotIn(m, other *mart.Manifest) []string {
	names := []string{}
	for _, d := range m.Deliveries {
		if !slices.ContainsFunc(other.Deliveries, func(o mart.Delivery) bool { return o.Source == d.Source && o.ID == d.ID }) {
			names = append(names, lake.Key(d.Source, d.ID))
		}
	}
	return names
}

// Released returns the decision that releases a pin: a later withdrawal of a delivery that it blames. It
// returns nil if there is none.
func Released(decisions []delivery.Decision, pin *mart.Pin) *delivery.Decision {
	for _, d := range decisions {
		if d.Kind == delivery.Withdraw && !d.At.Before(pin.At) && slices.Contains(pin.Blamed, lake.Key(d.Source, d.Delivery)) {
			return &d
		}
	}
	return nil
}

// Target returns the version to roll back to: the given one or, if that is "", the one before current.
func (s *Site) Target(version, current string) (string, error) {
	stored, err := s.Store.Versions()
	if err != nil {
		return "", err
	}
	if version != "" {
		if !slices.Contains(stored, version) {
			return "", usage.Errorf("there is no version %s; the last %d are kept, list them with: inbeeld versions --data %s", version, project.KeepVersions, s.Path)
		}
		return version, nil
	}
	i := slices.Index(stored, current)
	if i < 1 {
		return "", usage.Errorf("there is no version before the current one; list them with: inbeeld versions --data %s", s.Path)
	}
	return stored[i-1], nil
}

// ApplyPin makes the pinned version current and publishes the warehouse of that version. After an
// interruption it can be repeated.
func (s *Site) ApplyPin(ctx context.Context, p mart.Pin) (err error) {
	work := filepath.Join(s.Path, "work", "rollback")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o700)); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	path := filepath.Join(work, "warehouse.duckdb")
	if err := s.VersionWarehouse(ctx, p.Version, path); err != nil {
		return err
	}
	s.Checkpoint("warehouse")
	if err := s.Store.Switch(p.Version); err != nil {
		return err
	}
	s.Checkpoint("switched")
	if err := s.ReplaceWarehouse(path); err != nil {
		return err
	}
	s.Checkpoint("warehouse published")
	p.Applied = true
	if err := s.Store.SetPin(p); err != nil {
		return err
	}
	return s.RewriteStatus(ctx)
}

// RewriteStatus updates the status after a rollback or release, which change what the last run left.
func (s *Site) RewriteStatus(ctx context.Context) error {
	status := mart.Status{Finished: s.Now()}
	if last, err := s.Store.ReadStatus(); err == nil && last != nil {
		status = *last
	}
	status.Outcome, status.Copy = mart.Pinned, s.UpdateCopy(ctx)
	return s.Store.WriteStatus(status)
}

// Pin returns the pin in force, or nil. It finishes an interrupted rollback, and releases a pin when a
// delivery that it blames has been withdrawn.
func (s *Site) Pin(ctx context.Context, decisions []delivery.Decision) (*mart.Pin, error) {
	pin, err := s.Store.Pinned()
	if err != nil || pin == nil {
		return nil, err
	}
	if d := Released(decisions, pin); d != nil {
		s.Note("versie %s is niet meer gepind: %s/%s is ingetrokken", pin.Version, d.Source, d.Delivery)
		return nil, s.Store.Release()
	}
	// A data directory restored from a backup has no warehouse.
	if _, err := os.Stat(filepath.Join(s.Path, "warehouse.duckdb")); pin.Applied && err == nil {
		return pin, nil
	}
	return pin, s.ApplyPin(ctx, *pin)
}
