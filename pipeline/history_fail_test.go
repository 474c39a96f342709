package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"inbeeld/pipeline/internal/mart"
)

// A model that fails on the data of one peildatum fails the run by name. What is published stays, and
// what was computed besides is not computed again.
func TestModelFails(t *testing.T) {
	t.Parallel()
	h := historyOneNight(t)
	before := h.published(t)
	h.edit(t, "sql/staging/bezoeken.sql", "minuten::integer as minuten", "(minuten + substr(bezoek_id, 2)::integer)::integer as minuten")
	h.give(t, "bezoeken", "2019-09-30", "BezoekId;Burgerservicenr;Minuten\nBx;999000007;33\n")
	o, failing := h.options()
	result, err := Run(t.Context(), o)
	if err == nil || result.Outcome != mart.Failed {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, text := range []string{"staging.bezoeken", "2019-09-30", "Could not convert string 'x' to INT32"} {
		if !strings.Contains(err.Error(), text) || !strings.Contains(result.Run.Failure, text) {
			t.Errorf("neither %q nor the ledger's %q may leave out %q", err, result.Run.Failure, text)
		}
	}
	status, serr := mart.Store{Dir: h.path("marts")}.ReadStatus()
	if serr != nil || status.Outcome != mart.Failed || !strings.Contains(status.Failure, "staging.bezoeken on 2019-09-30") {
		t.Errorf("status %+v, %v", status, serr)
	}
	if after := h.published(t); after["leden_stand.parquet"] != before["leden_stand.parquet"] || after["manifest.json"] != before["manifest.json"] {
		t.Error("a failed run published something")
	}
	done := failing.sorted()
	if len(done) == 0 || slices.Contains(done, "staging.bezoeken 2019-09-30") {
		t.Errorf("the failed run computed %v", done)
	}
	h.give(t, "bezoeken", "2019-09-30", "BezoekId;Burgerservicenr;Minuten\nB7;999000007;33\n")
	waiting, next := h.runs(t, mart.Waiting) // for the approval of the other definition
	for _, s := range done {
		if slices.Contains(next, s) && strings.Contains(s, " ") {
			t.Errorf("%s is computed again", s)
		}
	}
	if o, _ := h.options(); approved(t, o, waiting).Outcome != mart.Published {
		t.Error("what was approved is not published")
	}
	h.asScratch(t)
}

// cancelAt ends a context some time after a line with a text was logged.
type cancelAt struct {
	text   string
	cancel func()
}

func (c cancelAt) Write(line []byte) (int, error) {
	if strings.Contains(string(line), c.text) {
		time.AfterFunc(200*time.Millisecond, c.cancel)
	}
	return len(line), nil
}

// A run that is interrupted in the middle of a long model ends, years before the model would, and leaves
// all as it was.
func TestCancelInModel(t *testing.T) {
	t.Parallel()
	h := historyOneNight(t)
	before := h.published(t)
	from := "ref.wijken as w0"
	for i := range 30 { // 3^31 rows: it would take years
		from += ", ref.wijken as w" + string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	nightWrite(t, h.project+"/sql/marts/lang.sql", "-- description: Lang.\n-- grain: [aantal]\n-- columns:\n--   aantal: Aantal.\nselect sum(length(w0.wijk || waa.wijk || wba.wijk))::bigint as aantal\nfrom "+from+"\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o, _ := h.options()
	o.Log = zerolog.New(cancelAt{`"stage":"transform"`, cancel})
	result, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || result.Outcome != mart.Interrupted {
		t.Fatalf("%+v, %v", result, err)
	}
	after := h.published(t)
	if before["manifest.json"] != after["manifest.json"] {
		t.Error("an interrupted run published something")
	}
	if remains, err := nightRemains(h.data); err != nil || len(remains) > 0 {
		t.Errorf("it left %v, %v", remains, err)
	}
}
