package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) persoonCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "persoon",
		Short: "Give a person access to their data, or erase it",
		Long: `persoon carries out the rights of persons (AVG art. 15 and 17). It reads the BSN from standard input, never
from an argument; a terminal prompts for it without echo.`,
		Example: "  inbeeld persoon show --out inzage.html --reason 'verzoek 2021-14'\n  inbeeld persoon wis --reason 'verzoek 2021-14'",
	}
	cmd.AddCommand(a.persoonShowCommand(), a.persoonWisCommand())
	return cmd
}

func (a *app) persoonWisCommand() *cobra.Command {
	var reason, who string
	return a.decisionFlags(&cobra.Command{
		Use:   "wis",
		Short: "Erase a person from all stored data; reads the BSN from standard input",
		Long: `wis removes a person from the lake, originals, results and person-level marts. The rows stay, under a random
number that leads to nobody, so that past figures do not change. It does and prints the same if the BSN is
unknown. A later delivery that contains the person brings them back: the supplier must stop first. If it is
interrupted, the next run finishes or undoes it; if it was undone, repeat the command.`,
		Example: "  inbeeld persoon wis --reason 'verzoek 2021-14'   # asks for the BSN\n  inbeeld persoon wis --reason 'verzoek 2021-14' < bsn.txt",
		Args:    noBSN,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			bsn, err := a.readBSN()
			if err != nil {
				return err
			}
			site, err := o.Site()
			if err != nil {
				return err
			}
			done, err := persons.Erase(ctx, o.Scope, site, bsn, who, reason)
			if err != nil {
				return err
			}
			a.print("done: nothing stored in %s leads to this person\n", o.Path)
			a.print("rewritten: deliveries %d, versions of the marts %d\n", done.Loads, done.Versions)
			a.print("originals searched: %d; those with this person were removed, their loaded rows stay in force\n", done.Originals)
			if done.Waiting > 0 {
				a.print("files in the inbox that were not searched: %d; remove this person from them by hand\n", done.Waiting)
			}
			a.print("still to do: ask suppliers to stop delivering this person, remove older backups, and\n    inbeeld run --data %s\n", o.Path)
			return nil
		}),
	}, &reason, &who)
}

// longestBSN is the maximum size of standard input with a BSN, in bytes.
const longestBSN = 100

// readBSN reads a BSN from standard input, without echo on a terminal.
func (a *app) readBSN() (string, error) {
	if in, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		_, _ = fmt.Fprint(a.stderr, "BSN: ")
		text, err := term.ReadPassword(int(in.Fd()))
		_, _ = fmt.Fprintln(a.stderr)
		return strings.TrimSpace(string(text)), err
	}
	text, err := io.ReadAll(io.LimitReader(a.stdin, longestBSN+1))
	if err != nil {
		return "", fmt.Errorf("read the BSN from standard input: %w", err)
	}
	if len(text) > longestBSN {
		return "", usage.Errorf("standard input contains more than a BSN")
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", usage.Errorf("give the BSN on standard input")
	}
	return strings.TrimSpace(string(text)), nil
}

func (a *app) persoonShowCommand() *cobra.Command {
	var q persons.Request
	var who string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Write everything that is stored about a person to a file to hand over",
		Long: `show reads a BSN from standard input and writes what is stored about that person to a new file: per
source and delivery the rows, the published tables with persons, what is not known and why, in plain
Dutch. The BSN and the pseudonym are not in it. Of a person whom nobody knows the file says so; what is
printed here, and what is searched, is the same. That somebody asked, who and why goes into the
processing log.`,
		Example: `  inbeeld persoon show --out inzage.html --reason 'verzoek 2026-014'
  inbeeld persoon show --out inzage.json --json --reason 'verzoek 2026-014' < bsn.txt`,
		Args: noBSN,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			o.Who, q.JSON, q.BSN = who, a.flags.json, a.readBSN
			if err := persons.Show(ctx, o.Scope, q); err != nil {
				return err
			}
			a.print("wrote %s, readable only by you; hand it over to this person and nobody else\n", q.Out)
			return nil
		}),
	}
	cmd.Flags().StringVar(&q.Out, "out", "", "the new file (required)")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "why, such as the number of the request (required)")
	cmd.Flags().StringVar(&who, "who", a.env("USER"), "who asks for it (default $USER)")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "write JSON instead of a page")
	return cmd
}

// noBSN refuses arguments without repeating them: one may be a BSN.
func noBSN(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage.Errorf("the BSN is read from standard input, never given as an argument: others can see those")
	}
	return nil
}
