// Package dutch writes numbers, dates, lists, small counts and plurals in Dutch. It imports no other
// package of the project, so that every package can use it.
//
// Words:
//
//   - A count is few if it is below five.
//   - A masked text hides a number from which a reader could work out such a count.
//   - An exact number has as many decimals as it needs; other numbers have a fixed number.
//   - A plain number has no dots for thousands.
package dutch
