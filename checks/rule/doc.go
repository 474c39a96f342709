// Package rule reads check files into rules and reports their faults.
//
// Words:
//
//   - A rule is one check on one table: its kind, columns, limits, recipients and Dutch explanation.
//   - A check file is checks/<schema>.<table>.yaml, a list of rules; checks/<schema>.<table>.<name>.sql,
//     one SELECT of the bad rows under a YAML header in leading comment lines; or checks/<name>.sql, one
//     SELECT for each table listed in its header.
//   - A limit states when a value is a waarschuwing, alarm or blokkerend; a severity gives any bad row one
//     ernst.
//   - An override replaces limits of one group. An acceptance turns failing verdicts into info for a time.
//   - A placeholder is a {word} in a text, which a verdict replaces by a number, date or group.
package rule
