package cli

import (
	"bufio"
	"context"
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
	"inbeeld/pipeline/internal/persons"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "key",
		Short:   "Show, rotate, export or import the pseudonym key",
		Long:    `key manages the key that makes the pseudonyms. The key itself is never printed.`,
		Example: "  inbeeld key show\n  inbeeld key export --out kluis.age --reason 'kluis'",
	}
	cmd.AddCommand(a.keyShowCommand(), a.keyExportCommand(), a.keyImportCommand(), a.keyRotateCommand())
	return cmd
}

func (a *app) keyRotateCommand() *cobra.Command {
	var reason, who string
	return a.decisionFlags(&cobra.Command{
		Use:   "rotate",
		Short: "Rotate the key, and with it every pseudonym",
		Long: `rotate adds a secret to the key, for when others may know it or somebody who had it leaves. All stored
rows get new pseudonyms, without any BSN; the figures do not change. Computed results are removed; the
next run computes them again. If interrupted, the next run completes or undoes the rotation. The old key
still fits backups made before.`,
		Example: "  inbeeld key rotate --reason 'de sleutel stond op een laptop die weg is'",
		Args:    noArgs,
		RunE: a.with(func(ctx context.Context, o pipeline.Options, _ []string) error {
			site, err := o.Site()
			if err != nil {
				return err
			}
			done, err := persons.Rotate(ctx, o.Scope, site, who, reason)
			if err != nil {
				return err
			}
			a.print("rotated: key %s is now %s; deliveries rewritten: %d\n", done.From, done.To, done.Loads)
			a.print("now back up %s again, apart from the data; the old copy no longer fits the lake\n", done.KeyFile)
			a.print("then compute the removed results again: inbeeld run --data %s\n", o.Path)
			return nil
		}),
	}, &reason, &who)
}

func (a *app) keyShowCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show",
		Short:   "Show the fingerprint of the key, and whether it made the lake",
		Example: "  inbeeld key show --data /srv/inbeeld",
		Args:    noArgs,
		RunE: a.with(func(_ context.Context, o pipeline.Options, _ []string) error {
			v, err := persons.ShowKey(o.Dir)
			if err != nil {
				return err
			}
			return a.show(v, func(w *tabwriter.Writer) {
				_, _ = fmt.Fprintf(w, "key\t%s\nfile\t%s, mode %s, changed %s\n", v.Fingerprint, v.File, v.Mode, v.Changed.Format(time.RFC3339))
				if n := len(v.Chain) - 1; n > 0 {
					_, _ = fmt.Fprintf(w, "previous\t%s\n", strings.Join(v.Chain[:n], ", "))
				}
				lake := "empty"
				if v.Loads > 0 {
					lake = count(v.Loads, "delivery") + ", made with this key"
				}
				if v.Other > 0 {
					lake = fmt.Sprintf("%s, %d of them made with another key; restore that key", count(v.Loads, "delivery"), v.Other)
				}
				_, _ = fmt.Fprintf(w, "lake\t%s\n", lake)
			})
		}),
	})
}

func (a *app) keyExportCommand() *cobra.Command {
	var t persons.KeyTransfer
	var who string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the key, encrypted, to a file",
		Long: `export writes the key to a new file, encrypted with age: for the public keys in a file, or with a
passphrase, which it asks for (or reads from the first line of standard input). Keep the file in a safe,
apart from every backup of the data. The program age decrypts it too, to a key file.`,
		Example: "  inbeeld key export --out /media/kluis/inbeeld.key.age --reason 'kluis'\n  inbeeld key export --out sleutel.age --recipients kluis.pub --reason 'kluis'",
		Args:    noArgs,
		RunE: a.with(func(_ context.Context, o pipeline.Options, _ []string) error {
			o.Who, t.Passphrase = who, func() (string, error) { return a.askPassphrase(true) }
			fingerprint, err := persons.ExportKey(o.Dir, t)
			if err != nil {
				return err
			}
			a.print("wrote key %s, encrypted, to %s; keep it apart from every backup of the data\n", fingerprint, t.File)
			return nil
		}),
	}
	cmd.Flags().StringVar(&t.File, "out", "", "new file to write (required)")
	cmd.Flags().StringVar(&t.Keys, "recipients", "", "file with age public keys (age1…), instead of a passphrase")
	return a.decisionFlags(cmd, &t.Reason, &who)
}

func (a *app) keyImportCommand() *cobra.Command {
	var t persons.KeyTransfer
	var who string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Install an exported key",
		Long: `import decrypts a file from key export and installs it as the key of the data directory. It refuses if
there is a key already, or if the lake was made with another key.`,
		Example: "  inbeeld key import /media/kluis/inbeeld.key.age --reason 'nieuwe server'",
		Args:    exactlyOne("name the file that key export wrote"),
		RunE: a.with(func(_ context.Context, o pipeline.Options, args []string) error {
			o.Who, t.File, t.Passphrase = who, args[0], func() (string, error) { return a.askPassphrase(false) }
			fingerprint, err := persons.ImportKey(o.Dir, t)
			if err != nil {
				return err
			}
			a.print("key %s is in place\n", fingerprint)
			return nil
		}),
	}
	cmd.Flags().StringVar(&t.Keys, "identity", "", "file with age secret keys, instead of a passphrase")
	return a.decisionFlags(cmd, &t.Reason, &who)
}

// longestPassphrase is how much of standard input is read for a passphrase, in bytes.
const longestPassphrase = 1024

// askPassphrase reads a passphrase: from a terminal without echo, and twice if it is new; otherwise from
// the first line of stdin.
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
		prompts = append(prompts, "Repeat it: ")
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
		return "", usage.Errorf("the passphrases differ; nothing was written")
	}
	return typed[0], nil
}
