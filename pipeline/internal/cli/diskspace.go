package cli

import (
	"fmt"

	"inbeeld/pipeline/internal/datadir"
)

// printDiskUse shows what takes room, and whether a next run has enough.
func (a *app) printDiskUse(u *datadir.Usage) {
	w := a.table()
	_, _ = fmt.Fprintln(w, "ROOM\tSIZE\tFILES\t")
	for _, f := range u.Folders {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t\n", f.Name, datadir.SizeText(f.Bytes), f.Files)
	}
	enough := ""
	if u.Free < u.Needed {
		enough = ": not enough, it will not begin"
	}
	_, _ = fmt.Fprintf(w, "free\t%s\t\ta run needs %s%s\n\n", datadir.SizeText(u.Free), datadir.SizeText(u.Needed), enough)
	_ = w.Flush()
}
