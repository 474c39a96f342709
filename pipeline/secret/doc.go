// Package secret reads the secrets that contracts and inbeeld.yaml refer to, and TLS certificates. No
// project file contains a secret itself.
//
// Words:
//
//   - A reference says where a secret is: env:NAME is an environment variable, file:PATH a file.
//     Certificates are not secret, so a bare PATH also refers to them.
//   - The naming file is the contract or inbeeld.yaml with the reference.
//   - A relative PATH is a file in the folder of the naming file, or else in the data directory. A
//     naming file that is embedded in the program has no folder.
package secret
