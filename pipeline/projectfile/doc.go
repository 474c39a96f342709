// Package projectfile reads YAML strictly and reports what is wrong with project files.
//
// Words:
//
//   - A project file is a text file that describes a part of a project: a contract, reference table,
//     model, check or schedule. Its path is its name.
//   - A fault is one error in a project file: where, what, and what to do. Faults are collected, so
//     that a user sees all of them at once.
//   - A value is a YAML value with its place in the file.
//   - A mapping reads the keys of a value into a Go struct, and collects the faults.
package projectfile
