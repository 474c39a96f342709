package cli

import "testing"

func TestCount(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0 faults":     count(0, "fault"),
		"1 fault":      count(1, "fault"),
		"2 deliveries": count(2, "delivery"),
		"1 peildatum":  count(int64(1), "peildatum"),
		"4 peildata":   count(4, "peildatum"),
		"3 addresses":  count(3, "address"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
