package cli

import (
	"cmp"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/datadir"
)

func (a *app) processingCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "processing",
		Short: "List the processing log: who did what with personal data, and why",
		Long: `processing prints the processing log, oldest line first: runs, data of persons that was looked up, shown or
erased, and changes of the key. It contains counts and no persons. The log is append-only, in the folder
processing of the data directory, one file per year.`,
		Example: "  inbeeld processing --data /srv/inbeeld\n  inbeeld processing --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			log, damaged, err := datadir.ReadProcessing(datadir.Dir{Path: a.data()})
			if err != nil {
				return err
			}
			return a.show(map[string]any{"processing": log, "damaged": damaged}, func(w *tabwriter.Writer) {
				_, _ = fmt.Fprintln(w, "WHEN\tUSER\tWHO\tWHAT\tPURPOSE\tCOUNTS")
				for _, p := range log {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.At.Format(time.RFC3339), p.User,
						cmp.Or(p.Who, "-"), p.What, p.Purpose, cmp.Or(counts(p.Counts), "-"))
				}
				for _, at := range damaged {
					_, _ = fmt.Fprintf(w, "%s: this line is damaged; restore the file from a backup\n", at)
				}
			})
		},
	})
}
