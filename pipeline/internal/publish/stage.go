package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/parallel"
	"inbeeld/pipeline/internal/project"
	"inbeeld/pipeline/internal/transform"
)

// Staged is a version that is written and verified, but not published.
type Staged struct {
	Site  *Site
	Dir   string
	Files []mart.File

	inputs string // fingerprint of what the run reads
}

// Stage writes and verifies the files of a version in dir. inputs is the fingerprint of what the run
// reads.
func Stage(ctx context.Context, e *transform.Engine, site *Site, dir, inputs string, counts map[string]int64) (*Staged, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	version, old, err := site.Store.Current()
	if err != nil {
		return nil, err
	}
	current := filepath.Join(site.Store.Dir, "versions", version)
	marts := site.Publish.publishing(e.Graph)
	s := &Staged{Site: site, Dir: dir, Files: make([]mart.File, len(marts)), inputs: inputs}
	var tasks []*parallel.Task
	var done atomic.Int64
	for i, n := range marts {
		tasks = append(tasks, &parallel.Task{Name: n.Name, Run: func(ctx context.Context, worker int) (err error) {
			s.Files[i], err = martFile(ctx, e, e.Session(worker), n, dir, current, old)
			if err == nil && site.Publish.CSV && !n.Model.Intern {
				s.Files[i].CSV, err = writeCSV(ctx, e.Session(worker), s.Files[i], dir)
			}
			site.Advance("audit", int(done.Add(1)), len(marts))
			return err
		}})
	}
	counts["marts"] = int64(len(marts))
	return s, parallel.Run(ctx, e.Workers(), tasks)
}

// manifest returns the manifest of the version.
func (s *Staged) manifest(e *transform.Engine) mart.Manifest {
	run := s.Site.Run
	m := mart.Manifest{
		Run: run.ID, Published: s.Site.Now(), Inputs: s.inputs, Engine: fingerprint.Program, Files: s.Files, Checks: run.Checks,
		Peildata: map[string]string{}, Deliveries: []mart.Delivery{}, Definitions: map[string]string{},
	}
	for _, n := range s.Site.Publish.publishing(e.Graph) {
		maps.Copy(m.Definitions, n.Basis)
	}
	state := e.Book.State()
	for _, c := range e.Book.Project.Contracts {
		for _, p := range state.Peildata(c.Name) {
			m.Peildata[c.Name] = p
			if d, ok := state.InForce(c.Name, p); ok {
				m.Deliveries = append(m.Deliveries, mart.Delivery{Source: d.Source, ID: d.ID, Peildatum: d.Peildatum, SHA256: d.SHA256, File: d.Newest().File})
			}
		}
	}
	return m
}

// finish writes the manifest and the data package next to the files.
func (s *Staged) finish(e *transform.Engine, counts map[string]int64) (*mart.Manifest, error) {
	config := e.Book.Project.Config
	m, err := mart.Stage(s.Dir, s.manifest(e), mart.Dataset{Name: "inbeeld", Title: config.Title, Description: config.Description})
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		counts["rows"] += f.Rows
	}
	return &m, nil
}

// Export writes the version to a new folder instead of publishing it.
func (s *Staged) Export(e *transform.Engine, out string, counts map[string]int64) error {
	if _, err := s.finish(e, counts); err != nil {
		return err
	}
	return export(s.Dir, out)
}

// Switch makes the version current, publishes its warehouse and removes versions beyond Settings.Keep.
func (s *Staged) Switch(ctx context.Context, e *transform.Engine, counts map[string]int64) error {
	m, err := s.finish(e, counts)
	if err != nil {
		return err
	}
	site := s.Site
	site.Checkpoint("staged")
	path := filepath.Join(site.Work, "warehouse.duckdb")
	if err := warehouse(ctx, e, path, s.Dir, m.Files); err != nil {
		return err
	}
	site.Checkpoint("warehouse")
	if err := site.Store.Publish(ctx, s.Dir, site.Run.ID, site.Modes); err != nil {
		return err
	}
	site.Checkpoint("switched")
	site.Run.Version = site.Run.ID
	site.Wrote("marts", path)
	for _, f := range m.Files {
		site.WroteNew("marts", filepath.Join(site.Store.Dir, "versions", site.Run.ID, filepath.FromSlash(f.Path)))
	}
	if err := site.ReplaceWarehouse(path); err != nil {
		return err
	}
	site.Checkpoint("warehouse published")
	return site.Store.Prune(cmp.Or(site.Publish.Keep, project.KeepVersions))
}

// export copies a staged version to a new folder, by one rename.
func export(staged, out string) error {
	out = filepath.Clean(out)
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return fmt.Errorf("write to %s: %w", out, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".tmp-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", out, err)
	}
	err = filepath.WalkDir(staged, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(staged, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(tmp, rel), 0o700)
		}
		return durable.CopyFile(name, filepath.Join(tmp, rel))
	})
	if err == nil {
		err = durable.RemoveIfExists(out) // an empty folder may exist
	}
	if err == nil {
		err = durable.Rename(tmp, out)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write to %s: %w", out, err), os.RemoveAll(tmp))
	}
	return nil
}
