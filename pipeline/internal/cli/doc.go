// Package cli is the command line: arguments and streams in, exit code out.
//
// Words:
//
//   - A command is a function, which defines its flags, calls a room and prints the result. It shares a
//     file with its subcommands, or with a command about the same thing.
//   - The configuration comes from flags, then the environment (INBEELD_…), then inbeeld.yaml in the
//     working directory, then inbeeld.yaml in the data directory, then defaults.
//   - A decision is what a person decides with a command; --reason and --who record why and who.
//   - A usage error is the caller's: exit code 2. Each exit code tells a scheduler what to do.
//   - Text on stdout is for people, and may change; --json is for programs.
package cli
