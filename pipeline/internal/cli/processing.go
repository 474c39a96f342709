package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/datadir"
)

func (a *app) processingCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "processing",
		Short: "List who did what with data of persons, and for which purpose",
		Long: `processing prints the processing log, the oldest line first: runs, what was looked up about
persons, erased or shown, and what was done with the key. It holds counts, and no person. Lines are only
ever added; they are in the folder processing of the data directory, one file a year.`,
		Example: "  inbeeld processing --data /srv/inbeeld\n  inbeeld processing --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			log, damaged, err := datadir.ReadProcessing(datadir.Dir{Path: a.data()})
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(map[string]any{"processing": log, "damaged": damaged})
			}
			w := a.table()
			_, _ = fmt.Fprintln(w, "WHEN\tUSER\tWHO\tWHAT\tPURPOSE\tCOUNTS")
			for _, p := range log {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.At.Format(time.RFC3339), p.User, dash(p.Who), p.What, p.Purpose, dash(counts(p.Counts)))
			}
			if err := w.Flush(); err != nil {
				return err
			}
			for _, at := range damaged {
				a.print("%s: this line is damaged; restore the file from a backup\n", at)
			}
			return nil
		},
	}
	a.jsonFlag(cmd)
	return cmd
}
