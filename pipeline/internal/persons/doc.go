// Package persons handles what is stored about individual persons: it shows it, erases one person, and
// rotates, exports and imports the pseudonym key.
//
// Words:
//
//   - An original is a delivered file in landing. Only originals contain BSNs.
//   - An id is a person's pseudonym: 32 lower-case hexadecimal digits.
//   - A rewrite replaces ids in all stored data: a rotation those of everybody, an erasure that of one
//     person.
//   - The journal of a rewrite, secrets/rewrite.json, exists from its first change until its last.
//   - The switch is the moment when the journal says "switched". An interrupted rewrite is discarded
//     before it, and finished after it.
package persons
