// Package model reads model files: a header in comment lines, and one SELECT.
//
// Words:
//
//   - A layer is a schema of models: staging, core or marts.
//   - The grain is the columns that make a row unique.
//   - A model per peildatum runs on each peildatum; per laatste, on the last one only.
//   - An intern mart has rows about persons, and is published separately.
//   - A budget limits how much a publication may change a mart without approval.
package model
