// Package checks holds the checks of the embedded project as data and turns them into verdicts.
//
// A check is a rule on one table: its kind, columns, limits, recipients and Dutch explanation. A
// measure is the result of a query for one check and one group. A group (groep) is one combination of
// values of the columns under per, or "alle" for a check without per. A limit (drempel) is the bound
// that a measure may not cross. A verdict is a measure judged: its ernst is ok, info, waarschuwing,
// alarm, blokkerend or geen_oordeel.
//
// All functions are pure: [ParseFile] reads rules, [Compile] writes their SQL, [Query.Measures] reads
// the results and [Rule.Judge] judges them. The caller runs the SQL.
//
// A check file is checks/<schema>.<table>.yaml, a list of rules; checks/<schema>.<table>.<name>.sql,
// one SELECT of the bad rows under a YAML header in leading comment lines; or checks/<name>.sql, one
// SELECT that serves each table listed in its header.
//
// Freshness verdicts belong to a run, not to a peildatum: see [Rule.JudgeAge].
//
// NULL: not_null counts it. Other kinds that count bad rows skip rows with a NULL in a tested column.
// coverage, reconcile and outlier add NULL as 0. share treats a NULL condition as not met.
// distribution and constant_or_empty treat NULL as a value. A NULL where excludes the row.
//
// Empty tables: kinds that count rows find 0, kinds that divide or compare give no opinion, and a
// check with per has no groups. An sql check with per measures only groups that have bad rows.
//
// An earlier stand is the preceding stand of the table (<table>__vorige) or the last one at least a
// year older (<table>__jaar). A stand without rows counts as absent.
package checks
