package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/graph"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/transform"
	"inbeeld/sql/quote"
)

// warehouse writes the warehouse of a publication: its marts and the last stand of core.
func warehouse(ctx context.Context, e *transform.Engine, path, version string, files []mart.File) error {
	var core []coreTable
	for _, n := range e.Graph.Order {
		if n.Model.Schema == "core" {
			core = append(core, coreTable{n, e.LastRows(n)})
		}
	}
	return writeWarehouse(ctx, e.Session(0), path, version, files, core)
}

// A coreTable is a core model with the SELECT of the rows that go into the warehouse.
type coreTable struct {
	node *graph.Query
	from string
}

// writeWarehouse writes a DuckDB file with the marts of the version in a folder, and core tables.
func writeWarehouse(ctx context.Context, s *duck.Session, path, version string, files []mart.File, core []coreTable) error {
	// One transaction: a commit per table would flush to disk for each.
	statements := []string{"attach " + quote.Literal(path) + " as warehouse", "begin transaction"}
	table := func(schema, name, from, description string) {
		full := "warehouse." + quote.Table(schema, name)
		statements = append(statements, "create schema if not exists warehouse."+quote.Ident(schema), "create table "+full+" as "+from,
			"comment on table "+full+" is "+quote.Literal(description))
	}
	column := func(schema, name, column, description string) {
		if description != "" {
			statements = append(statements, "comment on column warehouse."+quote.Table(schema, name)+"."+quote.Ident(column)+" is "+quote.Literal(description))
		}
	}
	for _, f := range files {
		table("marts", f.Mart, "select * from read_parquet("+quote.Literal(filepath.Join(version, filepath.FromSlash(f.Path)))+")", f.Description)
		for _, c := range f.Columns {
			column("marts", f.Mart, c.Name, c.Description)
		}
	}
	for _, c := range core {
		table("core", c.node.Model.Name, c.from, c.node.Model.Description)
		for _, col := range c.node.Columns {
			column("core", c.node.Model.Name, col.Name, c.node.Model.Describe(col.Name))
		}
	}
	statements = append(statements, "commit", "checkpoint warehouse", "detach warehouse")
	if err := s.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("write the warehouse: %w", err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		return fmt.Errorf("write the warehouse: %w", err)
	}
	return durable.SyncFile(path)
}

// ReplaceWarehouse renames a finished warehouse to its published path. The write-ahead log of an older
// warehouse would make it unreadable, so ReplaceWarehouse removes that first.
func (s *Site) ReplaceWarehouse(from string) error {
	to := filepath.Join(s.Path, "warehouse.duckdb")
	err := durable.RemoveIfExists(to + ".wal")
	if err == nil && s.Modes.InternGroup != nil {
		err = setGroup(from, 0o440, *s.Modes.InternGroup)
	}
	if err == nil && s.Modes.Group != nil {
		err = setGroup(s.Path, 0o710, *s.Modes.Group) // traverse, not list
	}
	if err == nil {
		err = durable.Rename(from, to)
	}
	if err != nil {
		return fmt.Errorf("publish the warehouse: %w", err)
	}
	return nil
}

// setGroup gives a path to a group, then sets its mode.
func setGroup(path string, mode os.FileMode, group int) error {
	return errors.Join(os.Lchown(path, -1, group), os.Chmod(path, mode))
}

// VersionWarehouse writes the warehouse of a stored version, without core.
func (s *Site) VersionWarehouse(ctx context.Context, version, path string) error {
	dir := filepath.Join(s.Store.Dir, "versions", version)
	m, err := mart.ReadManifest(dir)
	if err != nil {
		return err
	}
	return duck.With(ctx, duck.Settings{MemoryLimit: s.MemoryLimit, Threads: 1}, func(session *duck.Session) error {
		return writeWarehouse(ctx, session, path, dir, m.Files, nil)
	})
}
