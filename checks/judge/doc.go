// Package judge writes the SQL of rules, reads its results, and judges them. Its functions are pure; the
// caller runs the SQL.
//
// Words:
//
//   - A measure is the result of a query for one rule and one group. Its numbers are a value, a teller
//     (numerator) and a noemer (denominator).
//   - A group (groep) is one combination of values of the columns under per, or "alle" for a rule without
//     per.
//   - A limit (drempel) is the bound that a value may not cross.
//   - A verdict is a measure with its ernst: ok, info, waarschuwing, alarm, blokkerend or geen_oordeel.
//   - An earlier stand is the preceding stand of the table (<table>__vorige), or the last one at least a
//     year older (<table>__jaar). A stand without rows counts as absent.
//   - A message is what readers may see of a verdict.
//
// NULL: not_null counts it. Other kinds that count bad rows skip rows with a NULL in a tested column.
// coverage, reconcile and outlier add NULL as 0. share treats a NULL condition as not met.
// distribution and constant_or_empty treat NULL as a value. A NULL where excludes the row.
//
// Empty tables: kinds that count rows find 0, kinds that divide or compare give no opinion, and a rule
// with per has no groups. An sql rule with per measures only groups that have bad rows.
package judge
