package pipeline

import (
	"fmt"
	"regexp"
	"strconv"

	"inbeeld/pipeline/internal/usage"
)

var memoryText = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)$`)

// memoryUnits are DuckDB's: powers of 1000, and of 1024 with an i.
var memoryUnits = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// leastMemory is what one database needs to do anything at all, in bytes.
const leastMemory = 64e6

// sizeOf is a size in bytes.
func sizeOf(text string) (bytes float64, ok bool) {
	m := memoryText.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(m[1], 64)
	return number * memoryUnits[m[2]], err == nil
}

// standardDelivery is the largest file that is taken in, in bytes, unless the configuration says
// otherwise: no extract of this subject comes near it.
const standardDelivery = 10_000_000_000

// largestDelivery is the largest file that is taken in, in bytes.
func largestDelivery(limit string) (int64, error) {
	if limit == "" {
		return standardDelivery, nil
	}
	bytes, ok := sizeOf(limit)
	if !ok || bytes < 1 || bytes > 1e15 {
		return 0, usage.Errorf("max_delivery %q; write a number with KB, MB, GB or TB, such as 10GB", limit)
	}
	return int64(bytes), nil
}

// memoryShare is the part of a memory limit for each of n databases that are open together.
func memoryShare(limit string, n int) (string, error) {
	bytes, ok := sizeOf(limit)
	if !ok {
		return "", usage.Errorf("memory limit %q; write a number with KB, MB, GB or TB, such as 4GB", limit)
	}
	if bytes < leastMemory {
		return "", usage.Errorf("memory limit %s is too small; give at least 64MB", limit)
	}
	return fmt.Sprintf("%.0fKB", max(bytes/float64(n), leastMemory)/1e3), nil
}
