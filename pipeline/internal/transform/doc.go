// Package transform computes the results of models and checks, and stores them so that a run only
// computes what changed.
//
// Words:
//
//   - A step is one query on one peildatum, or once for a query without peildata.
//   - A result is the output of a step: a Parquet file in stand/<query>/, named by its fingerprint.
//   - A fingerprint covers the query with all queries below it and the deliveries that these read.
//     Equal fingerprints mean equal results.
//   - A yearly bundle is one file with the results of a query on all peildata of a closed year.
//   - A part is a yearly bundle or the result of one step. The parts of a query are all its rows.
//   - A Resolver works out which steps are needed and which of them have a stored result. It runs
//     nothing.
//   - An Engine runs the steps without a result, in a DuckDB in memory, with one worker per thread.
package transform
