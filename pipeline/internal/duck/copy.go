package duck

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"inbeeld/sql"
)

// copyStatement writes the rows of a SELECT to a Parquet file. The same rows give the same bytes.
func CopyStatement(query, path string, metadata map[string]string) string {
	var kv []string
	for _, k := range slices.Sorted(maps.Keys(metadata)) {
		kv = append(kv, sql.Ident(k)+": "+sql.Literal(metadata[k]))
	}
	return fmt.Sprintf("copy (%s) to %s (format parquet, compression zstd, kv_metadata {%s})", query, sql.Literal(path), strings.Join(kv, ", "))
}

// number reads a count that SQL gave as text; NULL is 0.
func Number(text *string) int64 {
	if text == nil {
		return 0
	}
	n, err := strconv.ParseInt(*text, 10, 64)
	if err != nil {
		panic("a count is no number: " + *text)
	}
	return n
}

// globQuote is a path that Glob takes as it stands.
func GlobQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
