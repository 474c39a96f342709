package pipeline

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/contract"
)

// check refuses options that do not go together.
func (o Options) check() error {
	restricted := o.Peildatum != "" || !o.Received.IsZero()
	switch {
	case o.Publish.To.Kind == contract.FromDir && datadir.Within(o.Publish.To.Address, o.Path):
		return usage.Errorf("publish: to is %s, inside the data directory; name a folder elsewhere", o.Publish.To.Address)
	case o.Retain.Landing < 0:
		return usage.Errorf("retention: landing is %d days; give 1 or more, or leave it out for %d", o.Retain.Landing, intake.RetainLanding)
	case o.Retain.Lake < 0 || o.Retain.Lake > 0 && o.Retain.Lake < cmp.Or(o.Retain.Landing, intake.RetainLanding):
		return usage.Errorf("retention: lake is %d days; give at least as many as landing (%d), or leave it out to keep everything", o.Retain.Lake, cmp.Or(o.Retain.Landing, intake.RetainLanding))
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
		return mart.Exported
	case len(o.Select) > 0:
		return mart.Computed
	}
	return ""
}
