package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/inspect"
)

func (a *app) shellCommand() *cobra.Command {
	var peildatum string
	cmd := &cobra.Command{
		Use:   "shell",
		Short: "Open a prompt with the tables as the models see them on a peildatum",
		Long: `shell reads SQL statements, each ended by a semicolon, from standard input. raw.<source> is the
delivery in force on the peildatum, and every per-peildatum model is a view: paste the SELECT of a model,
change it and see. The shell only reads, and only its own tables: it runs SELECT, DESCRIBE, SHOW and
SUMMARIZE. Each statement goes into the processing log, without the values in it.

.tables lists the tables, .quit ends.`,
		Example: "  inbeeld shell --data /srv/inbeeld --peildatum 2020-12-31\n  echo 'select count(*) from raw.sonar;' | inbeeld shell",
		Args:    noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			o.Peildatum = peildatum
			shell, err := inspect.OpenShell(ctx, o.Scope)
			if err != nil {
				return err
			}
			return errors.Join(a.converse(ctx, shell), shell.Close())
		}),
	}
	cmd.Flags().StringVar(&peildatum, "peildatum", "", "peildatum of the tables (default the last)")
	return cmd
}

// converse answers statements until the input ends. On a terminal it continues after an error; a script
// ends.
func (a *app) converse(ctx context.Context, shell *inspect.Shell) error {
	in, ok := a.stdin.(*os.File)
	person := ok && term.IsTerminal(int(in.Fd()))
	prompt := func(text string) {
		if person {
			a.print("%s", text)
		}
	}
	if person {
		a.print("peildatum %s; end a statement with ; and the session with .quit\n", shell.Peildatum)
		for _, n := range shell.Notes {
			a.print("note: %s\n", n)
		}
	}
	lines := bufio.NewReader(a.stdin)
	var statement strings.Builder
	prompt("inbeeld> ")
	for {
		line, ended, err := nextLine(lines)
		if err != nil {
			return err
		}
		switch text := strings.TrimSpace(line); {
		case statement.Len() == 0 && text == ".quit":
			return nil
		case statement.Len() == 0 && text == ".tables":
			names, err := shell.Tables(ctx)
			if err != nil {
				return err
			}
			a.print("%s\n", strings.Join(names, "\n"))
		default:
			statement.WriteString(line)
		}
		whole, rest := statements(statement.String())
		if ended {
			whole, rest = append(whole, rest), ""
		}
		statement.Reset()
		statement.WriteString(rest)
		for _, text := range whole {
			if strings.TrimSpace(text) == "" {
				continue
			}
			if err := a.answer(ctx, shell, text); err != nil {
				if !person || ctx.Err() != nil {
					return err
				}
				a.say("%v", err)
			}
		}
		if ended {
			return nil
		}
		if strings.TrimSpace(statement.String()) == "" {
			statement.Reset()
			prompt("inbeeld> ")
		} else {
			prompt("    ...> ")
		}
	}
}

// nextLine reads a line; ended says that it is the last, and may be empty.
func nextLine(in *bufio.Reader) (line string, ended bool, err error) {
	line, err = in.ReadString('\n')
	if errors.Is(err, io.EOF) {
		return line, true, nil
	}
	return line, false, err
}

// statements cuts text at the semicolons outside quotes and comments; rest is what is not ended yet.
func statements(text string) (whole []string, rest string) {
	begin := 0
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote == '-':
			if c == '\n' {
				quote = 0
			}
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			quote = '-'
		case c == ';':
			whole = append(whole, text[begin:i])
			begin = i + 1
		}
	}
	return whole, text[begin:]
}

// answer runs a statement and prints its rows, NULL as an empty cell.
func (a *app) answer(ctx context.Context, shell *inspect.Shell, statement string) error {
	columns, rows, err := shell.Run(ctx, statement)
	if err != nil {
		return err
	}
	w := a.table()
	if len(columns) > 0 {
		_, _ = fmt.Fprintln(w, strings.Join(columns, "\t"))
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			if c != nil {
				cells[i] = *c
			}
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
