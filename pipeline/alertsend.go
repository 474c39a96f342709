package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/usage"
)

// Send tries to bring what waits in the outbox. It ends when its time is over, and what goes wrong is
// in the log and in the outbox only.
func (r *Teller) Send(ctx context.Context) {
	sent, err := sendAlerts(ctx, r.Book.Dir, r.Settings)
	var locked *ledger.LockedError
	switch {
	case errors.As(err, &locked): // another process is sending
	case err != nil:
		r.Log.Error().Err(err).Msg("messages could not be sent; they wait for the next run")
	default:
		for _, err := range sent.Failed {
			r.Log.Warn().Err(err).Msg("a message did not arrive")
		}
		if sent.Sent > 0 || sent.Dead > 0 {
			r.Log.Info().Int("sent", sent.Sent).Int("given up", sent.Dead).Msg("messages sent")
		}
	}
	r.at("sent")
}

// AlertsSent is what one attempt to send brought about.
type AlertsSent struct {
	Sent   int     `json:"sent"`
	Dead   int     `json:"dead"`
	Failed []error `json:"-"`
}

func sendAlerts(ctx context.Context, o Dir, settings notify.Settings) (AlertsSent, error) {
	timeout, err := time.ParseDuration(settings.Timeout)
	if err != nil {
		return AlertsSent{}, usage.Errorf("alerts: timeout %q is no time; write 30s", settings.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dir := box(o.Path).Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return AlertsSent{}, fmt.Errorf("send messages: %w", err)
	}
	release, err := ledger.Lock(filepath.Join(dir, "lock"), ledger.Holder{PID: os.Getpid(), What: "sending alerts", Since: o.Now()})
	if err != nil {
		return AlertsSent{}, err
	}
	defer func() { _ = release() }()
	env := o.Env
	if env == nil {
		env = func(string) string { return "" }
	}
	s := notify.Sending{Box: box(o.Path), Channels: settings.Open(env), Now: o.Now}
	err = s.Run(ctx)
	for i, failure := range s.Failed {
		s.Failed[i] = pseudonym.MaskError(failure, o.Path)
	}
	return AlertsSent{Sent: s.Sent, Dead: s.Dead, Failed: s.Failed}, err
}
