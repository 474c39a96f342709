package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/mart"
)

func (a *app) runCommand() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Take in deliveries, compute, check, and publish when the checks allow it",
		Long: `run does one night: it lands what suppliers left in the inbox, loads it, computes the marts,
judges them, and publishes them together. When nothing changed since the last publication it says so.

Exit codes: 0 published or nothing to do, 1 failed, 2 wrong usage or project, 3 blocked by checks,
4 with --strict: a delivery is refused or an alarm is raised, 75 another run is going, 130 interrupted.`,
		Example: "  inbeeld run --data /srv/inbeeld\n  inbeeld run --strict",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			res, err := pipeline.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if a.flags.json {
				if err := a.printJSON(res.Run); err != nil {
					return err
				}
			} else {
				a.printOutcome(o.Data, res)
			}
			return exitOf(res, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 4 when a delivery is refused or an alarm is raised")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print the ledger of the run as JSON")
	return cmd
}

// exitOf is the exit code of a run that came to its end.
func exitOf(res *pipeline.Result, strict bool) error {
	switch {
	case res.Outcome == mart.Blocked:
		return exitError(exitBlocked)
	case strict && (res.Refused > 0 || res.Alarms > 0):
		return exitError(exitStrict)
	}
	return nil
}

func (a *app) printOutcome(data string, res *pipeline.Result) {
	for _, d := range res.Run.Loaded {
		a.print("%s %s: %s, %d records: %d loaded, %d in quarantine, %d not data\n", d.Source, d.Peildatum, d.Status, d.Records, d.Geladen, d.InQuarantaine, d.NietData)
		for _, r := range d.Reasons {
			a.print("    %s\n", r)
		}
	}
	for _, n := range res.Run.Notes {
		a.print("note: %s\n", n)
	}
	switch res.Outcome {
	case mart.Published:
		a.print("published as run %s: %s\n", res.Run.ID, filepath.Join(data, "marts", "current"))
	case mart.NothingToDo:
		a.print("nothing to do: nothing changed since the last publication\n")
	case mart.Blocked:
		a.print("blocked: the checks withhold the publication; the marts are as they were\n")
		for _, why := range res.Blocks {
			a.print("    %s\n", why)
		}
	case mart.Failed, mart.Interrupted:
	}
	if n := len(res.Findings); n > 0 {
		a.print("%d findings; see: inbeeld show --data %s\n", n, data)
	}
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		Short:   "Make a data directory, with an inbox folder for each source",
		Example: "  inbeeld init --data /srv/inbeeld",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			p, faults, err := pipeline.LoadProject(a.config.Project)
			if err != nil {
				return &pipeline.UsageError{Message: err.Error()}
			}
			if len(faults) > 0 {
				return faults
			}
			data := a.data(defaultData)
			if info, err := os.Stat(data); err == nil && !info.IsDir() {
				return &pipeline.UsageError{Message: data + " is a file; choose another place with --data"}
			}
			if err := pipeline.CreateData(data, p); err != nil {
				return err
			}
			a.print("data directory %s is ready; suppliers put their files in:\n", data)
			for _, c := range p.Contracts {
				a.print("  %-32s %s\n", filepath.Join(data, filepath.FromSlash(c.Dir)), c.Pattern())
			}
			return nil
		},
	}
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "validate",
		Short:   "Check contracts, models, checks and schedules without data, and name every fault",
		Example: "  inbeeld validate\n  inbeeld validate --project ./region",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, faults, err := pipeline.LoadProject(a.config.Project)
			if err != nil {
				return &pipeline.UsageError{Message: err.Error()}
			}
			_, more, err := p.Bind(cmd.Context())
			if err != nil {
				return err
			}
			if faults = append(faults, more...).Sorted(); len(faults) > 0 {
				return faults
			}
			a.print("ok: %d contracts, %d reference tables, %d models, %d checks, %d schedules\n",
				len(p.Contracts), len(p.References), len(p.Models), len(p.Rules), len(p.Schedules))
			return nil
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.stdout, pipeline.Program)
			return err
		},
	}
}
