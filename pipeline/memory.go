package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
)

var memoryText = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)$`)

// memoryUnits are DuckDB's: powers of 1000, and of 1024 with an i.
var memoryUnits = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// leastMemory is what one database needs to do anything at all, in bytes.
const leastMemory = 64e6

// memoryShare is the part of a memory limit for each of n databases that are open together.
func memoryShare(limit string, n int) (string, error) {
	m := memoryText.FindStringSubmatch(limit)
	if m == nil {
		return "", usage("memory limit %q; write a number with KB, MB, GB or TB, such as 4GB", limit)
	}
	number, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return "", usage("memory limit %q; write a number with KB, MB, GB or TB, such as 4GB", limit)
	}
	bytes := number * memoryUnits[m[2]]
	if bytes < leastMemory {
		return "", usage("memory limit %s is too small; give at least 64MB", limit)
	}
	return fmt.Sprintf("%.0fKB", max(bytes/float64(n), leastMemory)/1e3), nil
}
