package pipeline

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/alerts"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
)

// notify writes the ledger and the status, sends the alerts, and sets the outcome.
func (n *night) notify(ctx context.Context, outcome mart.Outcome, err error) error {
	err = pseudonym.MaskError(err, n.Path, n.opt.ProjectDir, n.KeyFile)
	var faults projectfile.Faults
	var misuse *usage.Error
	if errors.As(err, &faults) || errors.As(err, &misuse) {
		n.result = nil
		return errors.Join(err, os.RemoveAll(n.Work), os.RemoveAll(n.SpillDir()))
	}
	switch {
	case errors.Is(err, context.Canceled):
		outcome = mart.Interrupted
	case err != nil:
		outcome = mart.Failed
	}
	n.result.Outcome = outcome
	now := n.Now().UTC()
	n.Run.Finished, n.Run.Outcome = &now, string(outcome)
	// The service decides whether to retry the window.
	n.Run.Again = n.Run.Window != nil && (outcome == mart.Failed || outcome == mart.Interrupted)
	refused := n.Refusals()
	n.result.Refused = len(refused)
	status := mart.Status{Outcome: outcome, Run: n.Run.ID, Finished: n.Now(), Refused: refused, Missed: n.result.Missed}
	if err != nil {
		n.Run.Failure = err.Error()
		status.Failure = "De run is gestopt: " + err.Error()
	}
	switch outcome { //nolint:exhaustive // the others withhold nothing
	case mart.Blocked:
		status.Blocked = &mart.Block{Why: n.result.Blocks}
	case mart.Waiting:
		status.Blocked = &mart.Block{Approve: n.Run.ID, Why: publish.Waiting(n.Run.Changes, n.Run.Hold.Deliveries)}
	}
	composer := &alerts.Composer{Book: n.Book, Site: n.Site, Settings: alerts.Settings(n.opt.Alerts, n.Project), Graph: n.graph, Outcome: outcome, Ages: n.ages}
	alerting := n.opt.outside() == "" && composer.Settings.Configured()
	if n.opt.outside() == "" {
		if status.Copy = n.UpdateCopy(ctx); status.Copy != nil && status.Copy.Failure != "" {
			n.Note("de kopie in %s is niet bijgewerkt: %s", status.Copy.Dir, status.Copy.Failure)
		}
		err = errors.Join(err, n.Store.WriteStatus(status))
	}
	if alerting {
		composer.Compose(ctx)
	}
	err = errors.Join(err, n.Ledger.Write(n.Run), n.record(), os.RemoveAll(n.Work), os.RemoveAll(n.SpillDir()))
	if _, perr := n.Ledger.Prune(cmp.Or(n.opt.KeepRuns, project.KeepRuns)); perr != nil {
		n.Log.Warn().Err(perr).Msg("old runs stay")
	}
	version, verr := n.Store.Version()
	if verr != nil {
		n.result = nil
		return errors.Join(err, verr)
	}
	if version != "" {
		n.result.Version = filepath.Join(n.Store.Dir, "versions", version)
	}
	// Release the lock first: sending may take long.
	if alerting && n.release() == nil {
		n.release = func() error { return nil }
		composer.Send(ctx)
	}
	return err
}

// record adds to the processing log what the run did with data of persons, if anything.
func (n *night) record() error {
	counts := map[string]int64{"originals removed": int64(n.retired), "deliveries removed": int64(n.expired)}
	for _, d := range n.Run.Loaded {
		counts["deliveries loaded"]++
		counts["records loaded"] += d.Geladen
	}
	for _, s := range n.Run.Stages {
		counts["results computed"] += s.Counts["computed"]
		counts["rows published"] += s.Counts["rows"]
	}
	maps.DeleteFunc(counts, func(_ string, n int64) bool { return n == 0 })
	if len(counts) == 0 {
		return nil
	}
	return datadir.Record(n.Dir, "run "+n.Run.ID, datadir.PurposeRun, counts)
}
