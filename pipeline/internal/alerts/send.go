package alerts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/pipeline/secret"
)

// Send sends the messages in the outbox that are due, within the time limit. It logs errors; the messages wait.
func (t *Composer) Send(ctx context.Context) {
	sent, err := sendAll(ctx, t.Dir, t.Settings)
	var locked *ledger.LockedError
	switch {
	case errors.As(err, &locked): // another process is sending
	case err != nil:
		t.Log.Error().Err(err).Msg("messages could not be sent; they wait for the next run")
	default:
		for _, err := range sent.Failed {
			t.Log.Warn().Err(err).Msg("a message could not be sent")
		}
		if sent.Sent > 0 || sent.Dead > 0 {
			t.Log.Info().Int("sent", sent.Sent).Int("given up", sent.Dead).Msg("messages sent")
		}
	}
	t.Checkpoint("sent")
}

// Sent is the result of one attempt to send.
type Sent struct {
	Sent   int     `json:"sent"`
	Dead   int     `json:"dead"`
	Failed []error `json:"-"`
}

func sendAll(ctx context.Context, o datadir.Dir, settings notify.Settings) (Sent, error) {
	timeout, err := time.ParseDuration(settings.Timeout)
	if err != nil {
		return Sent{}, usage.Errorf("alerts: timeout %q is not a duration; write 30s", settings.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dir := box(o.Path).Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Sent{}, fmt.Errorf("send messages: %w", err)
	}
	release, err := ledger.Lock(filepath.Join(dir, "lock"), ledger.Holder{PID: os.Getpid(), What: "sending alerts", Since: o.Now()})
	if err != nil {
		return Sent{}, err
	}
	defer func() { _ = release() }()
	s := notify.Sending{Outbox: box(o.Path), Channels: settings.Open(secret.Reader{At: project.ConfigFile, Data: o.Path, Env: o.Env}), Now: o.Now}
	err = s.Run(ctx)
	for i, failure := range s.Failed {
		s.Failed[i] = pseudonym.MaskError(failure, o.Path)
	}
	return Sent{Sent: s.Sent, Dead: s.Dead, Failed: s.Failed}, err
}
