package cli

import (
	"fmt"

	"inbeeld/pipeline/internal/datadir"
)

// printDiskUse prints the disk use of each folder, and whether the next run has enough space.
func (a *app) printDiskUse(u *datadir.Usage) {
	w := a.table()
	_, _ = fmt.Fprintln(w, "FOLDER\tSIZE\tFILES\t")
	for _, f := range u.Folders {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t\n", f.Name, datadir.SizeText(f.Bytes), f.Files)
	}
	enough := ""
	if u.Free < u.Needed {
		enough = ": not enough, it will not start"
	}
	_, _ = fmt.Fprintf(w, "free\t%s\t\ta run needs %s%s\n\n", datadir.SizeText(u.Free), datadir.SizeText(u.Needed), enough)
	_ = w.Flush()
}
