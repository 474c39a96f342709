package duck

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"inbeeld/sql/quote"
)

// CopyStatement returns the SQL that writes the rows of a SELECT to a Parquet file. With one thread, equal
// rows give equal bytes.
func CopyStatement(query, path string, metadata map[string]string) string {
	var kv []string
	for _, k := range slices.Sorted(maps.Keys(metadata)) {
		kv = append(kv, quote.Ident(k)+": "+quote.Literal(metadata[k]))
	}
	return fmt.Sprintf("copy (%s) to %s (format parquet, compression zstd, kv_metadata {%s})", query, quote.Literal(path), strings.Join(kv, ", "))
}

// Number parses a count that SQL returned as text. NULL is 0.
func Number(count *string) int64 {
	if count == nil {
		return 0
	}
	n, err := strconv.ParseInt(*count, 10, 64)
	if err != nil {
		panic("duck: not a count: " + *count)
	}
	return n
}

// Text returns a text that SQL returned; NULL is "".
func Text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// GlobQuote escapes a path so that a glob matches it literally.
func GlobQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
