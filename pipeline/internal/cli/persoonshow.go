package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"inbeeld/pipeline"
)

func (a *app) persoonCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "persoon",
		Short: "What is stored about a person, for who asks (AVG art. 15)",
		Long: `persoon answers the rights of persons. The BSN comes from standard input, never from an argument: on
a terminal it is asked for, and not shown.`,
		Example: "  inbeeld persoon show --out inzage.html --reason 'verzoek 2026-014'",
	}
	cmd.AddCommand(a.persoonShowCommand())
	return cmd
}

func (a *app) persoonShowCommand() *cobra.Command {
	var q pipeline.PersonRequest
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			o.Who, q.JSON, q.BSN = who, a.flags.json, a.askBSN
			if err := pipeline.ShowPerson(cmd.Context(), o, q); err != nil {
				return err
			}
			a.print("written: %s, which only you may read. Give it to the person that it is about, and to nobody else.\n", q.Out)
			return nil
		},
	}
	cmd.Flags().StringVar(&q.Out, "out", "", "the new file (required)")
	cmd.Flags().StringVar(&q.Reason, "reason", "", "why, such as the number of the request (required)")
	cmd.Flags().StringVar(&who, "who", a.env("USER"), "who asks for it (default $USER)")
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "write JSON in place of a page")
	return cmd
}

// noBSN refuses arguments without repeating them: one may be a BSN.
func noBSN(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &pipeline.UsageError{Message: fmt.Sprintf("%s takes no argument; the BSN comes from standard input, so that it is in no history or list of processes", cmd.CommandPath())}
	}
	return nil
}

// longestBSN is how much of standard input is read, with what people put between and around digits.
const longestBSN = 64

// askBSN reads one line: on a terminal without showing it.
func (a *app) askBSN() (string, error) {
	if in, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		_, _ = fmt.Fprint(a.stderr, "BSN: ")
		text, err := term.ReadPassword(int(in.Fd()))
		a.say("")
		if err != nil {
			return "", fmt.Errorf("read the BSN: %w", err)
		}
		return string(text), nil
	}
	text, err := bufio.NewReader(io.LimitReader(a.stdin, longestBSN)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the BSN: %w", err)
	}
	return text, nil
}
