package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/usage"
)

func (a *app) manCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "man --out DIR",
		Short: "Write the manual pages of all commands",
		Long: `man writes one page per command, such as inbeeld-run.1, from the text of --help. The same program
always writes the same bytes.`,
		Example: "  inbeeld man --out /usr/local/share/man/man1",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return usage.Errorf("say where to write with --out DIR")
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			// Without an environment, so that no page holds a default such as $USER.
			root := (&app{env: func(string) string { return "" }, now: a.now}).root()
			root.InitDefaultCompletionCmd()
			return writeManual(root, out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to; created if missing (required)")
	return cmd
}

func writeManual(cmd *cobra.Command, dir string) error {
	path := filepath.Join(dir, pageName(cmd)+".1")
	if err := os.WriteFile(path, []byte(manualPage(cmd)), 0o644); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			if err := writeManual(sub, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// A page is a manual page in man(7) markup.
type page struct{ strings.Builder }

func (p *page) add(format string, args ...any) { _, _ = fmt.Fprintf(p, format+"\n", args...) }

func manualPage(cmd *cobra.Command) string {
	var p page
	p.add(`.TH %s 1 "" "inbeeld %s" "inbeeld"`, strings.ToUpper(roff(pageName(cmd))), fingerprint.Version)
	p.add(".SH NAME\n%s \\- %s", roff(pageName(cmd)), roff(cmd.Short))
	p.add(".SH SYNOPSIS\n.B %s", roff(cmd.UseLine()))
	p.add(".SH DESCRIPTION")
	p.paragraphs(cmp.Or(cmd.Long, cmd.Short+"."))
	if cmd.HasAvailableSubCommands() {
		p.add(".SH COMMANDS")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				p.add(".TP\n.BR %s (1)\n%s", roff(pageName(sub)), roff(sub.Short))
			}
		}
	}
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	if cmd.Example != "" {
		p.add(".SH EXAMPLES\n.nf\n%s\n.fi", roff(cmd.Example))
	}
	if !cmd.HasParent() {
		p.add(".SH EXIT STATUS")
		for _, e := range exitCodes {
			p.add(".TP\n.B %d\n%s", e.code, roff(e.meaning))
		}
	} else {
		p.add(".SH SEE ALSO\n.BR %s (1)", roff(pageName(cmd.Parent())))
	}
	return p.String()
}

// paragraphs adds text, and keeps the layout of paragraphs with an indented line.
func (p *page) paragraphs(text string) {
	for i, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			p.add(".PP")
		}
		if strings.HasPrefix(part, " ") || strings.HasPrefix(part, "\t") || strings.Contains(part, "\n ") || strings.Contains(part, "\n\t") {
			p.add(".nf\n%s\n.fi", roff(part))
			continue
		}
		p.add("%s", roff(part))
	}
}

func (p *page) flags(title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	p.add(".SH %s", title)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, text := pflag.UnquoteUsage(f)
		if kind != "" {
			name += " " + kind
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "[]" && f.DefValue != "0s" {
			text += " (default " + f.DefValue + ")"
		}
		p.add(".TP\n.B %s\n%s", roff(name), roff(text))
	})
}

// roff escapes text for a page.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
