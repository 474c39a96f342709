package pipeline

import (
	"errors"
	"testing"

	"inbeeld/pipeline/internal/usage"
)

func TestLargestDelivery(t *testing.T) {
	for limit, want := range map[string]int64{"": 10_000_000_000, "1GB": 1_000_000_000, "1KiB": 1024} {
		if got, err := largestDelivery(limit); err != nil || got != want {
			t.Errorf("largestDelivery(%q) = %d, %v; want %d", limit, got, err, want)
		}
	}
	for _, limit := range []string{"0KB", "much", "9999999TB"} {
		var misuse *usage.Error
		if _, err := largestDelivery(limit); !errors.As(err, &misuse) {
			t.Errorf("largestDelivery(%q) gave %v, want a usage error", limit, err)
		}
	}
}

func TestMemoryShare(t *testing.T) {
	for _, c := range []struct {
		limit string
		n     int
		want  string
	}{
		{"2GB", 2, "1000000KB"}, {"2GB", 1, "2000000KB"}, {"1.5GB", 1, "1500000KB"}, {"1GiB", 1, "1073742KB"}, {"100MB", 4, "64000KB"},
	} {
		if got, err := memoryShare(c.limit, c.n); err != nil || got != c.want {
			t.Errorf("memoryShare(%q, %d) = %q, %v; want %q", c.limit, c.n, got, err, c.want)
		}
	}
	for _, limit := range []string{"", "2", "GB", "-1GB", "2 gigabyte", "10MB", "80%"} {
		var misuse *usage.Error
		if _, err := memoryShare(limit, 1); !errors.As(err, &misuse) {
			t.Errorf("memoryShare(%q) gave %v, want a usage error", limit, err)
		}
	}
}
