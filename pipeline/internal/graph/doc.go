// Package graph binds a project: it parses the queries, orders them, checks each against empty tables and
// derives what their results depend on.
//
// Words:
//
//   - A query is a model, a compiled set of checks on one table, or a delivery as checks read it.
//   - A read is a table that a query uses; its kind says whether that is raw, ref, meta, another model, or the
//     preceding or last year's stand of a model.
//   - A stand is the result of a query on one peildatum.
//   - A closure is the fingerprint of a query with all queries and reference tables below it.
//   - The inputs of a query are the deliveries that a stand uses, perhaps through earlier peildata.
//   - The basis of a mart is everything besides deliveries that determines its figures. Its fingerprint is
//     the definitieversie.
//   - A lineage says which columns the values and rows of a query come from.
package graph
