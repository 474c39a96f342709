package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"inbeeld/pipeline"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) keyShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show which key this is, and whether it made the lake; never the key",
		Example: "  inbeeld key show --data /srv/inbeeld",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			v, err := pipeline.ShowKey(o.Dir)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(v)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintf(w, "key\t%s\nfile\t%s, mode %s, changed %s\n", v.Fingerprint, v.File, v.Mode, v.Changed.Format(time.RFC3339))
			if n := len(v.Chain) - 1; n > 0 {
				_, _ = fmt.Fprintf(w, "before\t%s\n", strings.Join(v.Chain[:n], ", "))
			}
			lake := "empty"
			if v.Loads > 0 {
				lake = fmt.Sprintf("%d deliveries, made with this key", v.Loads)
			}
			if v.Other > 0 {
				lake = fmt.Sprintf("%d deliveries, %d of which made with another key; put that key back", v.Loads, v.Other)
			}
			_, _ = fmt.Fprintf(w, "lake\t%s\n", lake)
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&a.flags.json, "json", false, "print JSON")
	return cmd
}

func (a *app) keyExportCommand() *cobra.Command {
	var t pipeline.KeyTransfer
	var who string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the key, encrypted, to a file to keep apart",
		Long: `export writes the key to a new file, encrypted with age: with a passphrase, which is asked for (or is
the first line of standard input), or for the public keys in a file. Keep it in a safe, apart from every
backup of the data. The program age opens it too: what is inside is a key file.`,
		Example: "  inbeeld key export --out /media/kluis/inbeeld.key.age --reason 'kluis'\n  inbeeld key export --out sleutel.age --recipients kluis.pub --reason 'kluis'",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			o.Who, t.Passphrase = who, func() (string, error) { return a.askPassphrase(true) }
			fingerprint, err := pipeline.ExportKey(o.Dir, t)
			if err != nil {
				return err
			}
			a.print("written: key %s, encrypted, in %s. Keep it apart from every backup of the data.\n", fingerprint, t.File)
			return nil
		},
	}
	cmd.Flags().StringVar(&t.File, "out", "", "the new file (required)")
	cmd.Flags().StringVar(&t.Keys, "recipients", "", "file with public keys of age (age1…) in place of a passphrase")
	a.transferFlags(cmd, &t.Reason, &who)
	return cmd
}

func (a *app) keyImportCommand() *cobra.Command {
	var t pipeline.KeyTransfer
	var who string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Put an exported key in its place",
		Long: `import decrypts what key export wrote and makes it the key of the data directory. That has no key
yet, and an empty lake or one that was made with this key: over another lake it refuses, naming both.`,
		Example: "  inbeeld key import /media/kluis/inbeeld.key.age --reason 'nieuwe server'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: "name the file that key export wrote"}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := a.options(a.data(defaultData))
			if err != nil {
				return err
			}
			o.Who, t.File, t.Passphrase = who, args[0], func() (string, error) { return a.askPassphrase(false) }
			fingerprint, err := pipeline.ImportKey(o.Dir, t)
			if err != nil {
				return err
			}
			a.print("key %s is in place\n", fingerprint)
			return nil
		},
	}
	cmd.Flags().StringVar(&t.Keys, "identity", "", "file with secret keys of age in place of a passphrase")
	a.transferFlags(cmd, &t.Reason, &who)
	return cmd
}

func (a *app) transferFlags(cmd *cobra.Command, reason, who *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why; it goes into the processing log (required)")
	cmd.Flags().StringVar(who, "who", a.env("USER"), "who does it (default $USER)")
}

// longestPassphrase is how much of standard input is read for one, in bytes.
const longestPassphrase = 1024

// askPassphrase reads a passphrase: on a terminal without showing it, and twice when it is a new one;
// elsewhere it is the first line.
func (a *app) askPassphrase(fresh bool) (string, error) {
	in, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(a.stdin, longestPassphrase)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the passphrase: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	prompts := []string{"Passphrase: "}
	if fresh {
		prompts = append(prompts, "Once more: ")
	}
	var typed []string
	for _, prompt := range prompts {
		_, _ = fmt.Fprint(a.stderr, prompt)
		text, err := term.ReadPassword(int(in.Fd()))
		a.say("")
		if err != nil {
			return "", fmt.Errorf("read the passphrase: %w", err)
		}
		typed = append(typed, string(text))
	}
	if typed[0] != typed[len(typed)-1] {
		return "", &usage.Error{Message: "these are two different passphrases; nothing was written"}
	}
	return typed[0], nil
}
