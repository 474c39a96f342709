// Package modeltest runs the cases of models: small tables in, the expected table out.
//
// Words:
//
//   - A case file, sql/tests/<layer>.<name>.txtar, contains the cases of one model.
//   - A case has a rule in words, input tables, and an expectation: the table that the model must
//     return. Columns that the expectation leaves out are not compared.
//   - A case run is one case on one text of its model.
//   - A sandbox is a catalog in memory in which cases run one after the other, each in a transaction
//     that is rolled back.
//   - An update replaces wrong rows of expectations by what the model returned.
package modeltest
