// Package project reads the files of a project, writes the embedded ones for editing, and compares the two.
//
// Words:
//
//   - The embedded project is the one in the binary: sources/, sql/, checks/ and schedules/ of the repository.
//   - A project folder has files that replace embedded files with the same path, or add to them.
//   - A standalone project folder ignores the embedded project.
//   - A fault is a mistake in a file, with its line, column and a hint.
//   - A window is a time at which a schedule starts a run.
package project
