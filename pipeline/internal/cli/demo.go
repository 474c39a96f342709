package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/demo"
	"inbeeld/pipeline/internal/inspect"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/delivery"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run the pipeline on synthetic deliveries in ./demo",
		Long: `demo makes synthetic deliveries for eight quarters, as untidy as real ones, in ./demo (or --data DIR),
and runs on them as of 4 January 2021. No person in them exists. The output shows the published figures
with their source; all else is fictitious.`,
		Example: "  inbeeld demo\n  inbeeld demo --data /tmp/demo",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.config.Data = cmp.Or(a.config.Data, "demo")
			data := a.data()
			p, err := a.loadProject()
			if err != nil {
				return err
			}
			extracts, published, err := demo.Read(p.File)
			if err != nil {
				return usage.Errorf("%v", err)
			}
			if err := deliverDemo(data, p, extracts); err != nil {
				return err
			}
			o, err := a.options()
			if err != nil {
				return err
			}
			o.Publish.Intern, o.Now = true, func() time.Time { return demo.Clock }
			res, err := pipeline.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			a.printOutcome(data, res)
			if res.Version == "" {
				return exitOf(res, false)
			}
			rows, err := inspect.QueryMarts(cmd.Context(), data, demo.TableQuery)
			if err != nil {
				return err
			}
			figures, err := inspect.QueryMarts(cmd.Context(), data, demo.FigureQuery)
			if err != nil {
				return err
			}
			a.printDemoTable(rows)
			a.printDemoFigures(published, figures)
			a.print("\nBevindingen op de laatste peildatum:\n\n")
			a.printFindings(res.Run.Findings, false)
			a.print("\nThe deliveries are fictitious: no person in them exists, and only the table and the figures above are real numbers.\nPoint BI at %s\n",
				filepath.Join(data, "marts", "current"))
			return exitOf(res, false)
		},
	}
}

// deliverDemo puts the extracts in the inbox, as suppliers would. It refuses a data directory with other
// deliveries.
func deliverDemo(data string, p *project.Project, extracts []demo.Extract) error {
	own := map[string]bool{}
	for _, e := range extracts {
		own[e.SHA256()] = true
	}
	landed, err := delivery.ReadDeliveries(data)
	if err != nil {
		return err
	}
	for _, d := range landed {
		if _, ok := own[d.SHA256]; !ok {
			return usage.Errorf("%s holds other deliveries (%s/%s); choose another data directory for the demo with --data", data, d.Source, d.ID)
		}
		own[d.SHA256] = false // not again
	}
	if err := intake.Create(data, p); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, project.ConfigFile), []byte(demo.Config), 0o600); err != nil {
		return fmt.Errorf("deliver the demo: %w", err)
	}
	for _, e := range extracts {
		if !own[e.SHA256()] {
			continue
		}
		c := p.Contract(e.Source)
		if c == nil {
			return usage.Errorf("the project has no source %s, which the demo delivers", e.Source)
		}
		if c.Dir == "" {
			return usage.Errorf("source %s comes from %s; the demo can deliver only to a folder", e.Source, c.From.Label())
		}
		if err := e.Save(filepath.Join(data, filepath.FromSlash(c.Dir))); err != nil {
			return fmt.Errorf("deliver the demo: %w", err)
		}
	}
	return nil
}

func (a *app) printDemoTable(rows [][]*string) {
	a.print("\nKlantprofielen in Sonar op 31-12-2020 (synthetische personen; de aantallen zijn die van de brief van 30-06-2021)\n\n")
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "gemeente\tgemeente met\tgemeente zonder\tdekking\tUWV met\tUWV zonder\ttotaal\t")
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, c := range r {
			if c != nil {
				cells[i] = strings.Replace(*c, ".", ",", 1)
			}
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	_ = w.Flush()
}

// printDemoFigures prints each published figure beside its value in the marts.
func (a *app) printDemoFigures(published []demo.Figure, inMarts [][]*string) {
	values := map[[3]string]string{}
	for _, r := range inMarts {
		values[[3]string{*r[0], *r[1], *r[2]}] = strings.Replace(*r[3], ".", ",", 1)
	}
	a.print("\nGepubliceerde cijfers (al het andere in de demo is verzonnen)\n\n")
	w := a.table()
	_, _ = fmt.Fprintln(w, "cijfer\tpeildatum\tgebied\tgepubliceerd\tin de marts\tbron")
	for _, f := range published {
		if value, ok := values[[3]string{f.Indicator, f.Peildatum, f.Gebied}]; ok {
			_, _ = fmt.Fprintln(w, strings.Join([]string{f.Indicator, f.Peildatum, f.Gebied, f.Value, value, f.Source}, "\t"))
		}
	}
	_ = w.Flush()
}
