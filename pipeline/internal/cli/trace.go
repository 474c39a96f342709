package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) traceCommand() *cobra.Command {
	var peildatum string
	cmd := &cobra.Command{
		Use:   "trace MART[.COLUMN]",
		Short: "Show what a mart or one of its columns is made from, down to the deliveries",
		Long: `trace shows the models that a mart reads, and the deliveries behind its last published stand. With a
column it shows the source columns of its values, and separately the columns that decide which rows
count: conditions, joins and groups.

It only reads, and works during a run.`,
		Example: `  inbeeld trace trechter
  inbeeld trace trechter --peildatum 2020-12-31
  inbeeld trace transparantie_klantprofielen.dekking_pct --json`,
		Args: exactlyOne("trace takes one MART or MART.COLUMN; see: inbeeld trace --help"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.bound(cmd.Context())
			if err != nil {
				return err
			}
			t, err := inspect.TraceTable(cmd.Context(), b, inspect.TraceOptions{Of: args[0], Data: a.data(), Peildatum: peildatum})
			if err != nil {
				return err
			}
			return a.show(t, func(w *tabwriter.Writer) { a.printTrace(w, t) })
		},
	}
	cmd.Flags().StringVar(&peildatum, "peildatum", "", "the stand on this date, such as 2020-12-31; default the last published")
	return a.jsonFlag(cmd)
}

// bound loads and binds the project; faults are an error.
func (a *app) bound(ctx context.Context) (*graph.Graph, error) {
	p, faults, err := project.Load(a.config.Project)
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	b, more, err := graph.Bind(ctx, p)
	if err != nil {
		return nil, err
	}
	return b, append(faults, more...).Sorted().Err()
}

func (a *app) printTrace(w io.Writer, t *inspect.Trace) {
	a.print("%s\n%s\n\n", t.Table, t.Description)
	if t.Column != nil {
		a.printColumn(t.Column)
	} else {
		a.print("reads\n")
		reads := map[string][]string{}
		for _, m := range t.Models {
			reads[m.Name] = m.Reads
		}
		a.printTree(t.Table, 1, func(name string) ([]string, bool) {
			below, ok := reads[strings.TrimSuffix(name, "__vorige")]
			return below, ok
		}, func(name string) string { return name })
	}
	a.printDeliveries(w, t)
}

// printTree prints a tree with everything below a name once. The second result of below is whether a
// name has anything below it at all.
func (a *app) printTree(root string, depth int, below func(string) ([]string, bool), label func(string) string) {
	seen := map[string]bool{}
	var walk func(string, int)
	walk = func(name string, depth int) {
		under, inner := below(name)
		above := ""
		if inner && seen[name] && len(under) > 0 {
			above = " (above)"
		}
		a.print("%s%s%s\n", strings.Repeat("  ", depth), label(name), above)
		if seen[name] {
			return
		}
		seen[name] = true
		for _, u := range under {
			walk(u, depth+1)
		}
	}
	walk(root, depth)
}

func (a *app) printColumn(c *graph.ColumnTrace) {
	steps := map[string]graph.ColumnStep{}
	for _, s := range c.Steps {
		steps[s.Column] = s
	}
	ends := map[string]graph.SourceColumn{}
	for _, e := range c.From {
		ends[e.Column] = e
	}
	a.print("values of %s\n", c.Column)
	a.printTree(c.Column, 1, func(name string) ([]string, bool) {
		s, ok := steps[name]
		return s.From, ok
	}, func(name string) string {
		s, made := steps[name]
		switch e, end := ends[name]; {
		case end:
			return e.Text()
		case name == "peildatum":
			return "the peildatum on which the model runs"
		case made && s.Opaque:
			return name + " (the query cannot be taken apart; this is all it reads)"
		case made && len(s.From) == 0:
			return graph.SourceColumn{Column: name}.Text() + " (no column: a constant)"
		}
		return graph.SourceColumn{Column: name}.Text()
	})
	a.print("\nbegin in\n")
	a.printEnds(c.From)
	a.print("\nwhich rows count is decided by\n")
	for _, d := range c.Deciding {
		a.print("  in %s\n", d.Model)
		for _, line := range byTable(d.Columns) {
			a.print("    %s\n", line)
		}
	}
	a.print("these begin in\n")
	a.printEnds(c.Rows)
}

// byTable puts the columns of one table on one line; they are sorted.
func byTable(columns []string) []string {
	var lines []string
	last := ""
	for _, c := range columns {
		at := strings.LastIndexByte(c, '.')
		table, name := c[:max(at, 0)], c[at+1:]
		if name == "*" {
			name = "rows"
		}
		switch table {
		case "":
			lines = append(lines, "the peildatum on which the model runs")
		case last:
			lines[len(lines)-1] += ", " + name
		default:
			lines = append(lines, table+": "+name)
		}
		last = table
	}
	return lines
}

func (a *app) printEnds(ends []graph.SourceColumn) {
	if len(ends) == 0 {
		a.print("  no column of a delivery or reference table\n")
	}
	for _, e := range ends {
		a.print("  %s\n", e.Text())
	}
}

func (a *app) printDeliveries(w io.Writer, t *inspect.Trace) {
	switch {
	case t.Version == "":
		a.print("\nnot published yet\n")
		return
	case len(t.Deliveries) == 0:
		a.print("\nno delivery in version %s\n", t.Version)
		return
	case t.Peildatum == "":
		a.print("\ndeliveries, version %s\n", t.Version)
	default:
		a.print("\ndeliveries on %s, version %s\n", t.Peildatum, t.Version)
	}
	_, _ = fmt.Fprintln(w, "  SOURCE\tPEILDATUM\tFILE\tSHA256\tRECEIVED\tRECORDS\tLOADED")
	for _, d := range t.Deliveries {
		received := "-"
		if !d.Received.IsZero() {
			received = d.Received.Format("2006-01-02 15:04Z")
		}
		cells := []string{d.Source, d.Peildatum, d.File, d.SHA256[:min(12, len(d.SHA256))], received, fmt.Sprint(d.Records), fmt.Sprint(d.Loaded)}
		if d.Records == 0 && d.Loaded == 0 {
			cells = slices.Concat(cells[:5], []string{"-", "-"})
		}
		_, _ = fmt.Fprintln(w, "  "+strings.Join(cells, "\t"))
	}
}
