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
	"inbeeld/sources"
)

// letterFile is the published table that the demo reproduces.
const letterFile = "sources/reference/transparantie_klantprofielen_brief_2021.csv"

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Try everything on synthetic deliveries, in ./demo",
		Long: `demo makes synthetic deliveries for eight quarters, with the dirt of real ones, in ./demo (or
--data DIR), and runs on them as if it were 4 January 2021. No person in them exists.`,
		Example: "  inbeeld demo\n  inbeeld demo --data /tmp/demo",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			data := a.data("demo")
			p, faults, err := pipeline.LoadProject(a.config.Project)
			if err != nil {
				return &pipeline.UsageError{Message: err.Error()}
			}
			if len(faults) > 0 {
				return faults
			}
			letter, ok := p.File(letterFile)
			if !ok {
				return &pipeline.UsageError{Message: "the project has no " + letterFile + ", on which the demo is based"}
			}
			if err := deliverDemo(data, p, letter); err != nil {
				return err
			}
			o, err := a.options(data)
			if err != nil {
				return err
			}
			o.Intern, o.Now = true, func() time.Time { return demo.Clock }
			res, err := pipeline.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			a.printOutcome(data, res)
			if res.Version == "" {
				return exitOf(res, false)
			}
			rows, err := pipeline.QueryMarts(cmd.Context(), data, demo.TableQuery)
			if err != nil {
				return err
			}
			a.printDemo(data, rows, res)
			return exitOf(res, false)
		},
	}
}

// deliverDemo puts the synthetic deliveries in the inbox, as suppliers would. A directory that holds
// anything else is refused.
func deliverDemo(data string, p *pipeline.Project, letter []byte) error {
	extracts, err := demo.Extracts(letter)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, e := range extracts {
		sum := sha256.Sum256(e.Data)
		own[hex.EncodeToString(sum[:])] = true
	}
	landed, err := sources.ReadDeliveries(data)
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, d := range landed {
		if !own[d.SHA256] {
			return &pipeline.UsageError{Message: fmt.Sprintf("%s holds other deliveries (%s/%s); give the demo a directory of its own with --data", data, d.Source, d.ID)}
		}
		here[d.SHA256] = true
	}
	if err := pipeline.CreateData(data, p); err != nil {
		return err
	}
	config := filepath.Join(data, pipeline.ConfigFile)
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
			return &pipeline.UsageError{Message: "the project has no source " + e.Source + ", which the demo delivers"}
		}
		if c.Dir == "" {
			return &pipeline.UsageError{Message: "source " + e.Source + " is fetched from " + c.From.Label() + "; the demo can only deliver to a folder"}
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

func (a *app) printDemo(data string, rows [][]*string, res *pipeline.Result) {
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
	a.print("\nBevindingen op de laatste peildatum:\n\n")
	a.printFindings(res.Run.Findings)
	a.print("\nThe deliveries are made up: no person in them exists. Point BI at %s\n", filepath.Join(data, "marts", "current"))
}
