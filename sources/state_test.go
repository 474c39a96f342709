package sources

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/delivery"
)

// story returns deliveries and decisions from words in order of sequence: "A@1" is a receipt of
// delivery A with peildatum 2020-01-01, "A@1!" one of a refused delivery, "-A" withdraws it.
func story(words string) ([]delivery.Delivery, []delivery.Decision, func(delivery.Delivery) delivery.Judgement) {
	var deliveries []delivery.Delivery
	var decisions []delivery.Decision
	refused := map[string]bool{}
	for i, w := range strings.Fields(words) {
		sequence := int64(i + 1)
		if id, withdrawn := strings.CutPrefix(w, "-"); withdrawn {
			decisions = append(decisions, delivery.Decision{Sequence: sequence, Kind: delivery.Withdraw, Source: "s", Delivery: id, Who: "jan", Reason: "fout"})
			continue
		}
		if id, accepted := strings.CutPrefix(w, "+"); accepted {
			decisions = append(decisions, delivery.Decision{Sequence: sequence, Kind: delivery.Accept, Source: "s", Delivery: id, Who: "jan", Reason: "klopt"})
			continue
		}
		id, day, _ := strings.Cut(w, "@")
		if strings.HasSuffix(day, "!") {
			refused[id] = true
		}
		j := slices.IndexFunc(deliveries, func(d delivery.Delivery) bool { return d.ID == id })
		if j < 0 {
			j = len(deliveries)
			deliveries = append(deliveries, delivery.Delivery{Source: "s", ID: id, Peildatum: "2020-01-0" + day[:1]})
		}
		deliveries[j].Receipts = append(deliveries[j].Receipts, delivery.Receipt{Sequence: sequence})
	}
	return deliveries, decisions, func(d delivery.Delivery) delivery.Judgement {
		if refused[d.ID] {
			return delivery.Judgement{Reasons: []string{"te veel uitval"}}
		}
		return delivery.Judgement{Accepted: true}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct{ words, want string }{
		{"", ""},
		{"A@1", "A aanvaard"},
		{"A@1!", "A geweigerd (te veel uitval)"},
		{"A@1 B@1", "A vervangen by B, B aanvaard"},
		{"A@1 B@1!", "A aanvaard, B geweigerd (te veel uitval)"},
		{"A@1 B@1 A@1", "A aanvaard, B vervangen by A"},
		{"A@1 B@2", "A aanvaard, B aanvaard"},
		{"A@1 -A", "A ingetrokken (fout) by jan"},
		{"A@1! -A", "A ingetrokken (fout) by jan"},
		{"A@1 B@1 -B", "A aanvaard, B ingetrokken (fout) by jan"},
		{"A@1 B@1 -A", "A ingetrokken (fout) by jan, B aanvaard"},
		{"A@1 B@1 C@1! -B", "A aanvaard, B ingetrokken (fout) by jan, C geweigerd (te veel uitval)"},
		{"A@1 B@1 -B -A", "A ingetrokken (fout) by jan, B ingetrokken (fout) by jan"},
		{"A@1 B@1 -A B@1 A@1", "A aanvaard, B vervangen by A"},
		{"A@1 B@1 A@1 -A", "A ingetrokken (fout) by jan, B aanvaard"},
		{"A@1 -A A@1", "A aanvaard"},
		{"A@1 -A A@1 -A", "A ingetrokken (fout) by jan"},
		{"A@1! +A", "A geweigerd (te veel uitval)"},
		{"A@1 -A +A", "A ingetrokken (fout) by jan"},
		{"A@1 -Z", "A aanvaard"},
	} {
		t.Run(c.words, func(t *testing.T) {
			deliveries, decisions, verdict := story(c.words)
			s := delivery.Fold(deliveries, decisions, verdict)
			var got []string
			for _, d := range deliveries {
				st, ok := s.Standing("s", d.ID)
				text := d.ID + " " + string(st.Status)
				if len(st.Reasons) > 0 {
					text += " (" + strings.Join(st.Reasons, ", ") + ")"
				}
				if st.By != "" {
					text += " by " + st.By
				}
				got = append(got, text)
				inForce, _ := s.InForce("s", d.Peildatum)
				if !ok || (st.Status == delivery.Aanvaard) != (inForce.ID == d.ID) {
					t.Errorf("%s is %s and in force is %q", d.ID, st.Status, inForce.ID)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFoldAgainstReplay replays random stories one event at a time, with a stack per peildatum.
func TestFoldAgainstReplay(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		words := []string{"A@1", "B@1!", "C@1", "D@2", "E@2", "-A", "-B", "-C", "-D", "-E", "+A"}
		var events []string
		for range r.IntN(14) {
			events = append(events, words[r.IntN(len(words))])
		}
		stacks := map[string][]string{}
		for _, w := range events {
			if id, withdrawn := strings.CutPrefix(w, "-"); withdrawn {
				for day := range stacks {
					stacks[day] = slices.DeleteFunc(stacks[day], func(s string) bool { return s == id })
				}
			} else if id, day, receipt := strings.Cut(w, "@"); receipt && !strings.HasSuffix(day, "!") {
				stacks[day] = append(stacks[day], id)
			}
		}
		deliveries, decisions, verdict := story(strings.Join(events, " "))
		r.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
		r.Shuffle(len(decisions), func(i, j int) { decisions[i], decisions[j] = decisions[j], decisions[i] })
		asked := map[string]int{}
		s := delivery.Fold(deliveries, decisions, func(d delivery.Delivery) delivery.Judgement { asked[d.ID]++; return verdict(d) })
		for _, day := range []string{"1", "2"} {
			want := ""
			if n := len(stacks[day]); n > 0 {
				want = stacks[day][n-1]
			}
			if got, ok := s.InForce("s", "2020-01-0"+day); got.ID != want || ok != (want != "") {
				t.Fatalf("seed %d: %v: in force on day %s is %q, want %q", seed, events, day, got.ID, want)
			}
		}
		for _, d := range deliveries {
			if asked[d.ID] != 1 {
				t.Fatalf("seed %d: the verdict on %s was asked %d times", seed, d.ID, asked[d.ID])
			}
		}
	}
}

func TestInForceOn(t *testing.T) {
	s := delivery.Fold(story("A@3 B@5 C@7! D@9 -D"))
	for date, want := range map[string]string{
		"2020-01-02": "", "2020-01-03": "A", "2020-01-04": "A", "2020-01-05": "B", "2020-01-07": "B", "2020-01-09": "B", "2021-01-01": "B",
	} {
		if d, ok := s.InForceOn("s", date); d.ID != want || ok != (want != "") {
			t.Errorf("in force on %s is %q, want %q", date, d.ID, want)
		}
	}
	if _, ok := s.InForceOn("other", "2020-01-05"); ok {
		t.Error("another source has a delivery in force")
	}
	if diff := cmp.Diff([]string{"2020-01-03", "2020-01-05"}, s.Peildata("s")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("[s]", fmt.Sprint(s.Sources())); diff != "" {
		t.Error(diff)
	}
	if _, ok := s.Standing("s", "Z"); ok {
		t.Error("a delivery that never was has a standing")
	}
}
