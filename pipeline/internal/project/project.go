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

// How many runs and publications stay, unless the options say otherwise.
const (
	KeepRuns     = 1000
	KeepVersions = 14
)

// A Config is the file inbeeld.yaml. In the working directory it says how to run; in a project folder
// it says what the project is.
type Config struct {
	// Title and Description of a project go into datapackage.json.
	Title       string `yaml:"title"`
	Description string `yaml:"description"`
	// Standalone leaves the embedded project out.
	Standalone bool `yaml:"standalone"`

	Data        string `yaml:"data"`
	Project     string `yaml:"project"`
	KeyFile     string `yaml:"key_file"`
	MemoryLimit string `yaml:"memory_limit"`
	Threads     int    `yaml:"threads"`
	// Spill is where the database writes what does not fit in memory; "" is the data directory.
	Spill string `yaml:"spill"`
	// MaxDelivery is the largest file that is taken in.
	MaxDelivery string `yaml:"max_delivery"`
	Publish     struct {
		// Group may read the marts; "" is nobody but the owner.
		Group string `yaml:"group"`
		// Intern publishes person-level marts too.
		Intern bool `yaml:"intern"`
		// InternGroup may read those, and the warehouse. Its members need Group as well.
		InternGroup string `yaml:"intern_group"`
		// CSV publishes a twin of each other mart for spreadsheets.
		CSV bool `yaml:"csv"`
		// To is a folder, such as a share, or an object store, for a copy of what is published.
		To contract.Target `yaml:"to"`
	} `yaml:"publish"`
	Retention struct {
		// Landing is how many days originals stay; 0 is 30.
		Landing int `yaml:"landing"`
		// Lake is how many days loaded rows stay; 0 is for good.
		Lake int `yaml:"lake"`
		// Runs and Versions are how many stay; 0 is 1000 and 14.
		Runs     int `yaml:"runs"`
		Versions int `yaml:"versions"`
	} `yaml:"retention"`
	Serve struct {
		// Listen is where the dashboard is; "" is 127.0.0.1:8080.
		Listen  string `yaml:"listen"`
		TLSCert string `yaml:"tls_cert"`
		TLSKey  string `yaml:"tls_key"`
		// Users is a file of names and bcrypt hashes.
		Users string `yaml:"users"`
		// Grace is how long a run may go on when the service stops; "" is 5m.
		Grace string `yaml:"grace"`
	} `yaml:"serve"`
	// Alerts say who is told what.
	Alerts notify.Settings `yaml:"alerts"`
}

// ConfigFile is the name of the configuration file.
const ConfigFile = "inbeeld.yaml"

// ParseConfig reads a configuration file strictly; dir is the folder that the file lies in.
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

// A Project is everything that says what to do: contracts, reference tables, models, checks and
// schedules, parsed but not yet bound to each other.
type Project struct {
	Config     Config
	Contracts  []*contract.Contract // by name
	References []*contract.Reference
	Models     []*model.Model
	Rules      []rule.Rule
	Schedules  []*schedules.Schedule
	// Fingerprint is over the bytes of all files that decide what is published.
	Fingerprint string

	Files map[string][]byte
	// unread are the tables ("raw.sonar") whose contract or reference file has faults: what reads them
	// is not judged.
	Faulty map[string]bool
	Cases  []string // the files of sql/tests, read when they are run
}

// LoadProject reads the embedded project and, when dir is not empty, the files of dir over it: a
// file there takes the place of the embedded one with the same path. All faults are found at once.
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

// overlay reads a project folder.
func overlay(dir string) (map[string][]byte, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, err
	}
	return projectFiles(os.DirFS(dir), ConfigFile, "sources", "sql", "checks", "schedules")
}

// CopyProject copies the files of a project folder to another one, which is empty.
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

// projectFiles reads the files of the folders that a project consists of. Hidden files, Go code and
// testdata are passed over, so that a checkout of this repository is a project too.
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

// parse reads every file by what its path says it is.
func (p *Project) parse() projectfile.Faults {
	var faults projectfile.Faults
	parts := []string{"project 1"}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		text := p.Files[name]
		var more projectfile.Faults
		decides := true
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
			p.Rules, more = append(p.Rules, slices.DeleteFunc(rules, p.replaced)...), fs
		case dir == "schedules" && ext == ".yaml":
			var s *schedules.Schedule
			if s, more = schedules.ParseSchedule(name, text); s != nil {
				p.Schedules = append(p.Schedules, s)
			}
			decides = false
		case dir == "sql/tests" && ext == ".txtar":
			p.Cases = append(p.Cases, name)
			decides = false
		case ext == ".md", ext == "", path.Base(name) == "schema.json":
			decides = false
		default:
			more = projectfile.Faults{{
				Path: name, Message: "this is no project file",
				Hint: "known: sources/*.yaml, sources/reference/*.csv, sql/<layer>/*.sql, sql/tests/*.txtar, checks/*.yaml, checks/*.sql, schedules/*.yaml, inbeeld.yaml",
			}}
		}
		faults = append(faults, more...)
		if decides {
			parts = append(parts, name, string(text))
		}
	}
	// In the order of files with one rule each, so that writing SQL once for several tables renames no result.
	slices.SortStableFunc(p.Rules, func(a, b rule.Rule) int { return cmp.Compare(ownFile(a), ownFile(b)) })
	p.Fingerprint = fingerprint.Of(parts...)
	if len(p.Contracts) == 0 && len(p.Faulty) == 0 {
		faults = append(faults, projectfile.Fault{Path: "sources", Message: "the project has no contract", Hint: "add sources/<name>.yaml"})
	}
	faults = append(append(faults, p.strayCases()...), p.unknownWatched()...)
	return append(faults, p.repeated()...)
}

// ownFile is the path of a file of a rule that no other rule shares, where its kind can have one.
func ownFile(r rule.Rule) string {
	if r.Shared() {
		return "checks/" + r.ID() + ".sql"
	}
	return r.Path
}

// replaced tells whether another file is on this rule alone, and so goes before one on several tables.
func (p *Project) replaced(r rule.Rule) bool {
	_, own := p.Files[ownFile(r)]
	return own && r.Shared()
}

// repeated finds two checks of one name in different files.
func (p *Project) repeated() projectfile.Faults {
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

// Contract is the contract of a source, nil when there is none.
func (p *Project) Contract(source string) *contract.Contract {
	for _, c := range p.Contracts {
		if c.Name == source {
			return c
		}
	}
	return nil
}

// File is the text of a project file.
func (p *Project) File(name string) ([]byte, bool) {
	text, ok := p.Files[name]
	return text, ok
}
