package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/intake"
	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/project"
	"inbeeld/schedules"
	"inbeeld/sql/model"
)

// A completer lists the possible arguments, likeliest first, each optionally followed by a tab and its
// description. It opens no database.
type completer func(a *app) ([]string, error)

// completions maps the path of a command to its completer.
var completions = map[string]completer{
	"inbeeld show":                  runNames,
	"inbeeld rollback":              versionNames,
	"inbeeld deliveries show":       deliveryNames,
	"inbeeld deliveries quarantine": deliveryNames,
	"inbeeld deliveries accept":     deliveryNames,
	"inbeeld deliveries withdraw":   deliveryNames,
	"inbeeld check":                 selectNames,
	"inbeeld explain":               checkNames,
	"inbeeld alerts ack":            checkNames,
	"inbeeld alerts snooze":         checkNames,
	"inbeeld alerts resolve":        checkNames,
	"inbeeld trace":                 modelNames,
	"inbeeld test":                  modelNames,
	"inbeeld schedule explain":      scheduleNames,
}

// complete sets up completion of the arguments of cmd and its subcommands: names where they are known,
// files where a command takes files, else nothing.
func (a *app) complete(cmd *cobra.Command) {
	list, ok := completions[cmd.CommandPath()]
	switch {
	case ok:
		cmd.ValidArgsFunction = a.completion(list)
	case !cmd.HasSubCommands() && !strings.Contains(cmd.Use, " "):
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		a.complete(sub)
	}
}

func (a *app) completion(list completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && cmd.Name() != "check" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		// The first configuration was read without the flags on the line.
		a.config = project.Config{}
		names, err := []string(nil), a.configure()
		if err == nil {
			names, err = list(a)
		}
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
			return nil, cobra.ShellCompDirectiveError
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, typed) })
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

func runNames(a *app) ([]string, error) {
	ids, err := ledger.Ledger{Dir: filepath.Join(a.data(), "runs")}.IDs()
	slices.Reverse(ids)
	return ids, err
}

func versionNames(a *app) ([]string, error) {
	names, err := mart.Store{Dir: filepath.Join(a.data(), "marts")}.Versions()
	slices.Reverse(names)
	return names, err
}

func deliveryNames(a *app) ([]string, error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	rows, err := intake.List(o.Scope)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range rows {
		names = append(names, fmt.Sprintf("%s/%s\t%s, %s", r.Source, r.Delivery, r.Status, r.File))
	}
	slices.SortFunc(names, func(x, y string) int { // last peildatum first
		_, xID, _ := strings.Cut(x, "/")
		_, yID, _ := strings.Cut(y, "/")
		return strings.Compare(yID, xID)
	})
	return names, nil
}

func checkNames(a *app) ([]string, error) {
	return namesOf(a, func(p *project.Project) []rule.Rule { return p.Rules }, rule.Rule.ID)
}

func modelNames(a *app) ([]string, error) {
	return namesOf(a, func(p *project.Project) []*model.Model { return p.Models }, (*model.Model).FullName)
}

func scheduleNames(a *app) ([]string, error) {
	list := func(p *project.Project) []*schedules.Schedule { return p.Schedules }
	return namesOf(a, list, func(s *schedules.Schedule) string { return s.Name })
}

// namesOf lists the names of things in the project, whatever its faults.
func namesOf[T any](a *app, things func(*project.Project) []T, name func(T) string) ([]string, error) {
	p, _, err := project.Load(a.config.Project)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, thing := range things(p) {
		names = append(names, name(thing))
	}
	slices.Sort(names)
	return names, nil
}

// selectNames lists the arguments of check: tables with checks, and checks.
func selectNames(a *app) ([]string, error) {
	names, err := checkNames(a)
	tables := map[string]bool{}
	for _, name := range names {
		if i := strings.LastIndex(name, "."); i > 0 {
			tables[name[:i]] = true
		}
	}
	return append(slices.Sorted(maps.Keys(tables)), names...), err
}
