package datadir

import (
	"fmt"
	"regexp"
	"strconv"

	"inbeeld/pipeline/internal/usage"
)

var memoryText = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)$`)

// memoryUnits are DuckDB's: powers of 1000, or of 1024 with an i.
var memoryUnits = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// minMemory is the least memory that a database can work with, in bytes.
const minMemory = 64e6

// parseSize returns a size in bytes.
func parseSize(text string) (bytes float64, ok bool) {
	m := memoryText.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(m[1], 64)
	return number * memoryUnits[m[2]], err == nil
}

// defaultMaxDelivery is the default of max_delivery, in bytes. No real extract comes near it.
const defaultMaxDelivery = 10_000_000_000

// LargestDelivery parses max_delivery: the size in bytes above which a file is not taken in.
func LargestDelivery(limit string) (int64, error) {
	if limit == "" {
		return defaultMaxDelivery, nil
	}
	bytes, ok := parseSize(limit)
	if !ok || bytes < 1 || bytes > 1e15 {
		return 0, usage.Errorf("max_delivery %q; write a number with KB, MB, GB or TB, such as 10GB", limit)
	}
	return int64(bytes), nil
}

// MemoryShare divides a memory limit over n databases that are open at the same time.
func MemoryShare(limit string, n int) (string, error) {
	bytes, ok := parseSize(limit)
	if !ok {
		return "", usage.Errorf("memory limit %q; write a number with KB, MB, GB or TB, such as 4GB", limit)
	}
	if bytes < minMemory {
		return "", usage.Errorf("memory limit %s is too small; give at least 64MB", limit)
	}
	return fmt.Sprintf("%.0fKB", max(bytes/float64(n), minMemory)/1e3), nil
}
