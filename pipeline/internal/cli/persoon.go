package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) persoonCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "persoon",
		Short: "Do what a person may ask about the data that is kept",
		Long: `persoon answers the rights of persons (AVG art. 15 and 17). The BSN comes from standard input, never
from an argument: on a terminal it is asked for, and not shown.`,
		Example: "  inbeeld persoon show --out inzage.html --reason 'verzoek 2021-14'\n  inbeeld persoon wis --reason 'verzoek 2021-14'",
	}
	cmd.AddCommand(a.persoonShowCommand(), a.persoonWisCommand())
	return cmd
}

func (a *app) persoonWisCommand() *cobra.Command {
	var reason, who string
	cmd := &cobra.Command{
		Use:   "wis",
		Short: "Erase a person from all that is kept; the BSN is read from standard input",
		Long: `wis takes a person out of lake, originals, results and marts about persons. The rows stay, under a
number by chance that nothing leads to, so that figures of the past keep counting what they counted. It says
and does the same when nobody is known by this BSN. When a later delivery holds the person, the person is
there again: the supplier must stop delivering first. Cut short, it is finished or undone by the next run;
what was undone must be asked for again.`,
		Example: "  inbeeld persoon wis --reason 'verzoek 2021-14'   # asks for the BSN\n  inbeeld persoon wis --reason 'verzoek 2021-14' < bsn.txt",
		Args:    noBSN,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.options()
			if err != nil {
				return err
			}
			bsn, err := a.readBSN()
			if err != nil {
				return err
			}
			site, err := o.Site()
			if err != nil {
				return err
			}
			done, err := persons.Erase(cmd.Context(), o.Scope, site, bsn, who, reason)
			if err != nil {
				return err
			}
			a.print("done: nothing that is kept in %s leads to this person (any more)\n", o.Path)
			a.print("written anew: deliveries %d, versions of the marts %d\n", done.Loads, done.Versions)
			a.print("originals looked through: %d; those with this person were removed, the rows loaded from them stay in force\n", done.Originals)
			if done.Waiting > 0 {
				a.print("files in the inbox that no run has taken in, and that were not looked at: %d; take this person out of them by hand\n", done.Waiting)
			}
			a.print("still to do: let suppliers stop delivering this person, remove backups made before, and\n    inbeeld run --data %s\n", o.Path)
			return nil
		},
	}
	a.decisionFlags(cmd, &reason, &who)
	return cmd
}

// longestBSN is how much of standard input is read in search of a BSN, in bytes.
const longestBSN = 100

// readBSN reads a BSN from standard input; from a terminal without showing it.
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
		return "", usage.Errorf("standard input holds more than a BSN")
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", usage.Errorf("give the BSN on standard input")
	}
	return strings.TrimSpace(string(text)), nil
}
