package pipeline

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"inbeeld/pipeline/internal/lake"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/projectfile"
	"inbeeld/sources"
)

// finish writes the ledger and the status, whatever happened, and says how the run ended.
func (r *runner) finish(ctx context.Context, err error) (*Result, error) {
	err = pseudonym.MaskError(err, r.Data, r.Project, r.KeyFile)
	var faults projectfile.Faults
	var misuse *usage.Error
	switch {
	case err == nil && r.aside() != "":
		r.result.Outcome = r.aside()
	case err == nil:
		r.result.Outcome = mart.Published
	case errors.Is(err, errNothingToDo):
		r.result.Outcome, err = mart.NothingToDo, nil
	case errors.Is(err, errBlocked):
		r.result.Outcome, err = mart.Blocked, nil
	case errors.Is(err, errWaiting):
		r.result.Outcome, err = mart.Waiting, nil
	case errors.Is(err, errHeld):
		r.result.Outcome, err = mart.Held, nil
	case errors.Is(err, context.Canceled):
		r.result.Outcome = mart.Interrupted
	default:
		r.result.Outcome = mart.Failed
	}
	if errors.As(err, &faults) || errors.As(err, &misuse) {
		return nil, errors.Join(err, os.RemoveAll(r.work), os.RemoveAll(r.spill()))
	}
	now := r.Now().UTC()
	r.run.Finished, r.run.Outcome = &now, string(r.result.Outcome)
	// Whether a window that failed is tried again is for the service to say.
	r.run.Again = r.run.Window != nil && (r.result.Outcome == mart.Failed || r.result.Outcome == mart.Interrupted)
	status := mart.Status{Outcome: r.result.Outcome, Run: r.run.ID, Finished: r.Now(), Refused: r.refusals(), Missed: r.result.Missed}
	if err != nil {
		r.run.Failure = err.Error()
		status.Failure = "De run is gestopt: " + err.Error()
	}
	switch r.result.Outcome { //nolint:exhaustive // the others withhold nothing
	case mart.Blocked:
		status.Blocked = &mart.Block{Why: r.result.Blocks}
	case mart.Waiting:
		status.Blocked = &mart.Block{Approve: r.run.ID, Why: waitingFor(r.run.Changes, r.run.Hold.Deliveries)}
	}
	if r.aside() == "" {
		if status.Copy = r.copyOut(ctx); status.Copy != nil && status.Copy.Failure != "" {
			r.note("de kopie in %s is niet bijgewerkt: %s", status.Copy.Dir, status.Copy.Failure)
		}
		err = errors.Join(err, r.store.WriteStatus(status))
	}
	if r.telling() {
		r.tell(ctx)
	}
	err = errors.Join(err, r.book.Write(r.run), r.recordRun(), os.RemoveAll(r.work), os.RemoveAll(r.spill()))
	if _, perr := r.book.Prune(cmp.Or(r.KeepRuns, project.KeepRuns)); perr != nil {
		r.Log.Warn().Err(perr).Msg("old runs stay")
	}
	version, verr := r.store.Version()
	if verr != nil {
		return nil, errors.Join(err, verr)
	}
	if version != "" {
		r.result.Version = filepath.Join(r.store.Dir, "versions", version)
	}
	r.result.Run = r.run
	return &r.result, err
}

func (r *runner) refusals() []mart.Refusal {
	refused := []mart.Refusal{}
	state := r.fold()
	for _, d := range r.known() {
		if s, ok := state.Standing(d.Source, d.ID); ok && s.Status == sources.Geweigerd && r.loads[lake.Key(d.Source, d.ID)] != nil {
			why := ""
			if text := lake.ReasonText(s.Reasons); text != nil {
				why = *text
			}
			refused = append(refused, mart.Refusal{Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, File: d.Newest().File, Why: why})
		}
	}
	r.result.Refused = len(refused)
	return refused
}
