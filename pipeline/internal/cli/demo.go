package cli

import (
	"crypto/sha256"
	"encoding/hex"
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

// letterFile is the published table that the demo reproduces, figuresFile what else was published.
const (
	letterFile  = "sources/reference/transparantie_klantprofielen_brief_2021.csv"
	figuresFile = "sources/reference/kerncijfers.csv"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Try everything on synthetic deliveries, in ./demo",
		Long: `demo makes synthetic deliveries for eight quarters, with the dirt of real ones, in ./demo (or
--data DIR), and runs on them as if it were 4 January 2021. No person in them exists; the figures that
were published are shown with their source, and all else is made up.`,
		Example: "  inbeeld demo\n  inbeeld demo --data /tmp/demo",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			data := a.data("demo")
			p, faults, err := project.Load(a.config.Project)
			if err != nil {
				return &usage.Error{Message: err.Error()}
			}
			if len(faults) > 0 {
				return faults
			}
			letter, ok := p.File(letterFile)
			if !ok {
				return &usage.Error{Message: "the project has no " + letterFile + ", on which the demo is based"}
			}
			kerncijfers, ok := p.File(figuresFile)
			if !ok {
				return &usage.Error{Message: "the project has no " + figuresFile + ", on which the demo is based"}
			}
			published, err := demo.ParseFigures(kerncijfers)
			if err != nil {
				return &usage.Error{Message: figuresFile + ": " + err.Error()}
			}
			if err := deliverDemo(data, p, letter, kerncijfers); err != nil {
				return err
			}
			o, err := a.options(data)
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
			a.print("\nThe deliveries are made up: no person in them exists, and apart from the table and the figures above so is every number.\nPoint BI at %s\n",
				filepath.Join(data, "marts", "current"))
			return exitOf(res, false)
		},
	}
}

// deliverDemo puts the synthetic deliveries in the inbox, as suppliers would. A directory that holds
// anything else is refused.
func deliverDemo(data string, p *project.Project, letter, kerncijfers []byte) error {
	extracts, err := demo.Extracts(letter, kerncijfers)
	if err != nil {
		return &usage.Error{Message: fmt.Sprintf("the demo cannot be made of %s and %s: %v", letterFile, figuresFile, err)}
	}
	own := map[string]bool{}
	for _, e := range extracts {
		sum := sha256.Sum256(e.Data)
		own[hex.EncodeToString(sum[:])] = true
	}
	landed, err := delivery.ReadDeliveries(data)
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, d := range landed {
		if !own[d.SHA256] {
			return &usage.Error{Message: fmt.Sprintf("%s holds other deliveries (%s/%s); give the demo a directory of its own with --data", data, d.Source, d.ID)}
		}
		here[d.SHA256] = true
	}
	if err := intake.Create(data, p); err != nil {
		return err
	}
	config := filepath.Join(data, project.ConfigFile)
	if err := os.WriteFile(config, []byte(demo.Config), 0o600); err != nil {
		return fmt.Errorf("deliver the demo: %w", err)
	}
	for _, e := range extracts {
		sum := sha256.Sum256(e.Data)
		if here[hex.EncodeToString(sum[:])] {
			continue
		}
		c := p.Contract(e.Source)
		if c == nil {
			return &usage.Error{Message: "the project has no source " + e.Source + ", which the demo delivers"}
		}
		if c.Dir == "" {
			return &usage.Error{Message: "source " + e.Source + " is fetched from " + c.From.Label() + "; the demo can only deliver to a folder"}
		}
		path := filepath.Join(data, filepath.FromSlash(c.Dir), e.Name)
		if err := os.WriteFile(path, e.Data, 0o600); err != nil {
			return fmt.Errorf("deliver the demo: %w", err)
		}
		if err := os.Chtimes(path, e.Modified, e.Modified); err != nil {
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

// printDemoFigures prints each published figure that the marts hold too, beside what they hold.
func (a *app) printDemoFigures(published []demo.Figure, inMarts [][]*string) {
	values := map[[3]string]string{}
	for _, r := range inMarts {
		values[[3]string{*r[0], *r[1], *r[2]}] = strings.Replace(*r[3], ".", ",", 1)
	}
	a.print("\nGepubliceerde cijfers (al het andere in de demo is verzonnen)\n\n")
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "cijfer\tpeildatum\tgebied\tgepubliceerd\tin de marts\tbron")
	for _, f := range published {
		if value, ok := values[[3]string{f.Indicator, f.Peildatum, f.Gebied}]; ok {
			_, _ = fmt.Fprintln(w, strings.Join([]string{f.Indicator, f.Peildatum, f.Gebied, f.Value, value, f.Source}, "\t"))
		}
	}
	_ = w.Flush()
}
