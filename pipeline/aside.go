package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources"
)

// check refuses options that do not go together.
func (o Options) check() error {
	restricted := o.Peildatum != "" || !o.Received.IsZero()
	switch {
	case o.Publish.To.Kind == sources.FromDir && within(o.Publish.To.Address, o.Path):
		return usage.Errorf("publish: to is %s, inside the data directory; name a folder elsewhere", o.Publish.To.Address)
	case o.Retain.Landing < 0:
		return usage.Errorf("retention: landing is %d days; give 1 or more, or leave it out for %d", o.Retain.Landing, retainLanding)
	case o.Retain.Lake < 0 || o.Retain.Lake > 0 && o.Retain.Lake < cmp.Or(o.Retain.Landing, retainLanding):
		return usage.Errorf("retention: lake is %d days; give at least as many as landing (%d), or leave it out to keep everything", o.Retain.Lake, cmp.Or(o.Retain.Landing, retainLanding))
	case restricted && o.Out == "":
		return usage.Errorf("a run restricted by peildatum or receipt does not publish; say where it writes with --out DIR")
	case o.Out != "" && len(o.Select) > 0:
		return usage.Errorf("--out and --select do not go together: a development run writes no marts")
	case o.Window != nil && (o.Out != "" || len(o.Select) > 0):
		return usage.Errorf("the run of a window publishes; leave out --out and --select")
	case restricted && len(o.Select) > 0:
		return usage.Errorf("--select works on the deliveries in force; leave out --peildatum and --received-before")
	}
	if o.Peildatum != "" {
		if _, err := time.Parse(time.DateOnly, o.Peildatum); err != nil {
			return usage.Errorf("peildatum %q is no date; write it as 2020-12-31", o.Peildatum)
		}
	}
	if o.Out != "" {
		entries, err := os.ReadDir(o.Out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(entries) > 0 {
			return usage.Errorf("%s exists and is not empty; give --out a new directory", o.Out)
		}
	}
	return nil
}

// outside is the outcome of a run that leaves the published marts alone, "" of one that publishes.
func (o Options) outside() mart.Outcome {
	switch {
	case o.Out != "":
		return Exported
	case len(o.Select) > 0:
		return Computed
	}
	return ""
}

// restrict leaves out what a restricted run does not know: later peildata, and later receipts.
func (o Asof) restrict(d sources.Delivery) (sources.Delivery, bool) {
	if o.Peildatum != "" && d.Peildatum > o.Peildatum {
		return d, false
	}
	if !o.Received.IsZero() {
		d.Receipts = slices.DeleteFunc(slices.Clone(d.Receipts), func(r sources.Receipt) bool { return !r.Landed.Before(o.Received) })
	}
	return d, len(d.Receipts) > 0
}

// decided are the decisions that the run knows.
func (r *Book) decided() []sources.Decision {
	if r.Received.IsZero() {
		return r.Decisions
	}
	return slices.DeleteFunc(slices.Clone(r.Decisions), func(d sources.Decision) bool { return !d.At.Before(r.Received) })
}

// export puts a staged version at a place of its own, whole or not at all.
func export(staged, out string) error {
	out = filepath.Clean(out)
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return fmt.Errorf("write to %s: %w", out, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".tmp-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", out, err)
	}
	err = filepath.WalkDir(staged, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(staged, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(tmp, rel), 0o700)
		}
		return durable.CopyFile(name, filepath.Join(tmp, rel))
	})
	if err == nil {
		if err = os.Remove(out); errors.Is(err, fs.ErrNotExist) { // an empty folder may be there
			err = nil
		}
	}
	if err == nil {
		err = durable.Rename(tmp, out)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write to %s: %w", out, err), os.RemoveAll(tmp))
	}
	return nil
}
