package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stderr, format+"\n", args...)
}

func (a *app) print(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stdout, format, args...)
}

// table aligns tab-separated cells on stdout once it is flushed.
func (a *app) table() *tabwriter.Writer { return tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0) }

// jsonFlag adds --json to a command that calls show, and returns the command.
func (a *app) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

// show prints v as JSON with --json; otherwise text prints it, in w or with print.
func (a *app) show(v any, text func(w *tabwriter.Writer)) error {
	if a.flags.json {
		return a.printJSON(v)
	}
	w := a.table()
	text(w)
	return w.Flush()
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// count returns n with its noun, which is given in the singular: "1 fault", "2 deliveries".
func count[N int | int64](n N, noun string) string {
	if n != 1 {
		noun = plural(noun)
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func plural(noun string) string {
	for _, e := range [][2]string{{"y", "ies"}, {"um", "a"}, {"ss", "sses"}} {
		if stem, ok := strings.CutSuffix(noun, e[0]); ok {
			return stem + e[1]
		}
	}
	return noun + "s"
}
