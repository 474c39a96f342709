package project

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/checks"
	"inbeeld/checks/rule"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/notify"
	"inbeeld/pipeline/projectfile"
	"inbeeld/schedules"
	"inbeeld/sources"
	"inbeeld/sources/contract"
	"inbeeld/sql"
	"inbeeld/sql/model"
)

// Defaults for the number of runs and versions that are kept.
const (
	KeepRuns     = 1000
	KeepVersions = 14
)

// A Config is the file inbeeld.yaml. In the working directory it configures runs; in a project folder it
// describes the project.
type Config struct {
	// Title and Description go into datapackage.json.
	Title       string `yaml:"title"`
	Description string `yaml:"description"`
	// Standalone leaves the embedded project out.
	Standalone bool `yaml:"standalone"`

	Data        string `yaml:"data"`
	Project     string `yaml:"project"`
	KeyFile     string `yaml:"key_file"`
	MemoryLimit string `yaml:"memory_limit"`
	Threads     int    `yaml:"threads"`
	// Spill is where the database writes data that does not fit in memory. Default: the data directory.
	Spill string `yaml:"spill"`
	// MaxDelivery is the size above which a file is not taken in.
	MaxDelivery string `yaml:"max_delivery"`
	Publish     struct {
		// Group may read the marts. Default: only the owner.
		Group string `yaml:"group"`
		// Intern also publishes person-level marts.
		Intern bool `yaml:"intern"`
		// InternGroup may read those, and the warehouse. Its members also need Group.
		InternGroup string `yaml:"intern_group"`
		// CSV also publishes each other mart as CSV, for spreadsheets.
		CSV bool `yaml:"csv"`
		// To is a folder (such as a share) or object store for a copy of each publication.
		To contract.Target `yaml:"to"`
	} `yaml:"publish"`
	Retention struct {
		// Landing is how many days originals are kept. Default: 30.
		Landing int `yaml:"landing"`
		// Lake is how many days loaded rows are kept. Default: for ever.
		Lake int `yaml:"lake"`
		// Runs and Versions are how many are kept. Defaults: KeepRuns and KeepVersions.
		Runs     int `yaml:"runs"`
		Versions int `yaml:"versions"`
	} `yaml:"retention"`
	Serve struct {
		// Listen is the address of the dashboard. Default: 127.0.0.1:8080.
		Listen  string `yaml:"listen"`
		TLSCert string `yaml:"tls_cert"`
		TLSKey  string `yaml:"tls_key"`
		// Users is a file of names and bcrypt hashes.
		Users string `yaml:"users"`
		// Grace is how long a run may continue when the service stops. Default: 5m.
		Grace string `yaml:"grace"`
	} `yaml:"serve"`
	// Alerts says who gets which messages.
	Alerts notify.Settings `yaml:"alerts"`
}

// ConfigFile is the name of the configuration file.
const ConfigFile = "inbeeld.yaml"

// ParseConfig reads a configuration file strictly. dir is its folder.
func ParseConfig(dir, file string, text []byte, into *Config) projectfile.Faults {
	doc, faults := projectfile.Parse(file, text)
	if len(faults) > 0 {
		return faults
	}
	if faults := doc.Decode(into); len(faults) > 0 {
		return faults
	}
	faults = append(into.Publish.To.Read(doc), into.Alerts.Check(doc, "$.alerts")...)
	into.Publish.To.InFolder(dir)
	into.Alerts.InFolder(dir)
	return faults
}

// A Project is the parsed files of a project: contracts, reference tables, models, rules and schedules. They
// are not yet bound to each other.
type Project struct {
	Config     Config
	Contracts  []*contract.Contract // by name
	References []*contract.Reference
	Models     []*model.Model
	Rules      []rule.Rule
	Schedules  []*schedules.Schedule
	// Fingerprint covers the bytes of all files that affect what is published.
	Fingerprint string

	Files map[string][]byte
	// Faulty are the tables ("raw.sonar") whose contract or reference file has faults. Queries that read
	// them are not checked.
	Faulty map[string]bool
	Cases  []string // files of sql/tests, read when they run
}

// Load reads the embedded project and, unless dir is "", the files of dir. A file there replaces the embedded
// file with the same path. Load returns all faults at once.
func Load(dir string) (*Project, projectfile.Faults, error) {
	p := &Project{Files: map[string][]byte{}, Faulty: map[string]bool{}}
	over := map[string][]byte{}
	if dir != "" {
		var err error
		if over, err = overlay(dir); err != nil {
			return nil, nil, fmt.Errorf("read project %s: %w", dir, err)
		}
	}
	var faults projectfile.Faults
	if text, ok := over[ConfigFile]; ok {
		faults = append(faults, ParseConfig(dir, ConfigFile, text, &p.Config)...)
	}
	if p.Config.Standalone {
		p.Config.Title = cmp.Or(p.Config.Title, "inbeeld")
	} else {
		p.Config.Title = cmp.Or(p.Config.Title, "Doelgroep banenafspraak in beeld")
		p.Config.Description = cmp.Or(p.Config.Description,
			"Stand van de doelgroep banenafspraak per gemeente: wie is in beeld, wie is zichtbaar en wie werkt.")
		for top, files := range map[string]fs.FS{"sources": sources.Files, "sql": sql.Files, "checks": checks.Files, "schedules": schedules.Files} {
			embedded, err := projectFiles(files, ".")
			if err != nil {
				return nil, nil, fmt.Errorf("read the embedded project: %w", err)
			}
			for name, text := range embedded {
				p.Files[path.Join(top, name)] = text
			}
		}
	}
	maps.Copy(p.Files, over)
	faults = append(faults, p.parse()...)
	for _, c := range p.Contracts {
		if _, ok := over[c.Path]; ok {
			c.From.InFolder(filepath.Join(dir, "sources"))
		}
	}
	return p, faults.Sorted(), nil
}

// overlay returns the files of a project folder by path.
func overlay(dir string) (map[string][]byte, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("not a folder")
	}
	if err != nil {
		return nil, err
	}
	return projectFiles(os.DirFS(dir), ConfigFile, "sources", "sql", "checks", "schedules")
}

// Copy copies the files of a project folder to an empty folder.
func Copy(from, to string) error {
	files, err := overlay(from)
	if err != nil {
		return fmt.Errorf("read project %s: %w", from, err)
	}
	for name, text := range files {
		path := filepath.Join(to, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)); err != nil {
			return fmt.Errorf("copy the project: %w", err)
		}
	}
	return nil
}

// projectFiles returns the files of the given folders by path. It skips hidden files, Go code and testdata, so
// that a checkout of this repository is a project too.
func projectFiles(root fs.FS, folders ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, folder := range folders {
		err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
			base := path.Base(name)
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == folder:
				return nil
			case err != nil:
				return err
			case base != "." && (strings.HasPrefix(base, ".") || base == "testdata"):
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case entry.IsDir() || path.Ext(base) == ".go":
				return nil
			}
			files[name], err = fs.ReadFile(root, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// parse parses each file as the kind that its path implies.
func (p *Project) parse() projectfile.Faults {
	var faults projectfile.Faults
	parts := []string{"project 1"}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		text := p.Files[name]
		var more projectfile.Faults
		affectsResults := true
		switch dir, ext := path.Dir(name), path.Ext(name); {
		case name == ConfigFile:
		case dir == "sources" && ext == ".yaml":
			var c *contract.Contract
			if c, more = contract.Parse(name, text); c == nil {
				p.Faulty["raw."+strings.TrimSuffix(path.Base(name), ext)] = true
				break
			}
			p.Contracts = append(p.Contracts, c)
		case dir == "sources/reference" && ext == ".csv":
			var r *contract.Reference
			if r, more = contract.ParseReference(name, text); r == nil {
				p.Faulty["ref."+strings.TrimSuffix(path.Base(name), ext)] = true
				break
			}
			p.References = append(p.References, r)
		case path.Dir(dir) == "sql" && dir != "sql/tests" && ext == ".sql":
			m, fs := model.Parse(name, text)
			p.Models, more = append(p.Models, m), fs
		case dir == "checks" && (ext == ".yaml" || ext == ".sql"):
			rules, fs := rule.ParseFile(name, text)
			p.Rules, more = append(p.Rules, slices.DeleteFunc(rules, p.overridden)...), fs
		case dir == "schedules" && ext == ".yaml":
			var s *schedules.Schedule
			if s, more = schedules.ParseSchedule(name, text); s != nil {
				p.Schedules = append(p.Schedules, s)
			}
			affectsResults = false
		case dir == "sql/tests" && ext == ".txtar":
			p.Cases = append(p.Cases, name)
			affectsResults = false
		case ext == ".md", ext == "", path.Base(name) == "schema.json":
			affectsResults = false
		default:
			more = projectfile.Faults{{
				Path: name, Message: "this is not a project file",
				Hint: "known: sources/*.yaml, sources/reference/*.csv, sql/<layer>/*.sql, sql/tests/*.txtar, checks/*.yaml, checks/*.sql, schedules/*.yaml, inbeeld.yaml",
			}}
		}
		faults = append(faults, more...)
		if affectsResults {
			parts = append(parts, name, string(text))
		}
	}
	// As if each rule had its own file: then a file for several tables gives the same fingerprints.
	slices.SortStableFunc(p.Rules, func(a, b rule.Rule) int { return cmp.Compare(ownFile(a), ownFile(b)) })
	p.Fingerprint = fingerprint.Of(parts...)
	if len(p.Contracts) == 0 && len(p.Faulty) == 0 {
		faults = append(faults, projectfile.Fault{Path: "sources", Message: "the project has no contract", Hint: "add sources/<name>.yaml"})
	}
	return slices.Concat(faults, p.casesWithoutModel(), p.unknownSources(), p.duplicateChecks())
}

// ownFile returns the path of the file that a rule has, or could have, for itself.
func ownFile(r rule.Rule) string {
	if r.Shared() {
		return "checks/" + r.ID() + ".sql"
	}
	return r.Path
}

// overridden reports whether a rule from a file for several tables also has a file of its own.
func (p *Project) overridden(r rule.Rule) bool {
	_, own := p.Files[ownFile(r)]
	return own && r.Shared()
}

// duplicateChecks finds checks with the same name in different files.
func (p *Project) duplicateChecks() projectfile.Faults {
	var faults projectfile.Faults
	seen := map[string]string{}
	for _, r := range p.Rules {
		if other, ok := seen[r.ID()]; ok && other != r.Path {
			faults = append(faults, projectfile.Fault{
				Path: r.Path, Line: r.Line, Col: r.Col,
				Message: fmt.Sprintf("check %s is also in %s", r.ID(), other), Hint: "rename or remove one",
			})
		}
		seen[r.ID()] = r.Path
	}
	return faults
}

// Contract returns the contract of a source, or nil.
func (p *Project) Contract(source string) *contract.Contract {
	if i := slices.IndexFunc(p.Contracts, func(c *contract.Contract) bool { return c.Name == source }); i >= 0 {
		return p.Contracts[i]
	}
	return nil
}

// File returns the text of a project file.
func (p *Project) File(name string) ([]byte, bool) {
	text, ok := p.Files[name]
	return text, ok
}

// ModelNames returns the full names of the models.
func (p *Project) ModelNames() []string {
	names := make([]string, len(p.Models))
	for i, m := range p.Models {
		names[i] = m.FullName()
	}
	return names
}

// SourceNames returns the names of the sources.
func (p *Project) SourceNames() []string {
	names := make([]string, len(p.Contracts))
	for i, c := range p.Contracts {
		names[i] = c.Name
	}
	return names
}

// ModelOfCase returns the model that a case file tests.
func ModelOfCase(file string) string { return strings.TrimSuffix(path.Base(file), ".txtar") }

// casesWithoutModel finds case files of models that do not exist.
func (p *Project) casesWithoutModel() projectfile.Faults {
	var faults projectfile.Faults
	names := p.ModelNames()
	for _, file := range p.Cases {
		if name := ModelOfCase(file); !slices.Contains(names, name) {
			faults = append(faults, projectfile.Fault{Path: file, Message: "cases of model " + name + ", which does not exist", Hint: projectfile.DidYouMean(name, names)})
		}
	}
	return faults
}

// A Window is a time at which a schedule starts a run.
type Window struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"` // in the zone of the schedule
}

// Windows returns the first n windows of all schedules from a time on.
func (p *Project) Windows(from time.Time, n int) []Window {
	var all []Window
	for _, s := range p.Schedules {
		var own []time.Time
		for days := 1; len(own) < n && days <= 16*366; days *= 4 {
			own = s.Windows(from, from.AddDate(0, 0, days))
		}
		for _, at := range own[:min(n, len(own))] {
			all = append(all, Window{Schedule: s.Name, At: at.In(s.Zone)})
		}
	}
	slices.SortStableFunc(all, func(a, b Window) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Schedule, b.Schedule)) })
	return all[:min(n, len(all))]
}

// unknownSources finds schedules that watch a source without a contract.
func (p *Project) unknownSources() projectfile.Faults {
	var faults projectfile.Faults
	names := p.SourceNames()
	for _, s := range p.Schedules {
		if s.Watch == nil {
			continue
		}
		for _, source := range s.Watch.Sources {
			if !slices.Contains(names, source) && !p.Faulty["raw."+source] {
				faults = append(faults, projectfile.Fault{
					Path: s.Path, Message: fmt.Sprintf("watch.sources: there is no source %q", source), Hint: projectfile.DidYouMean(source, names),
				})
			}
		}
	}
	return faults
}
