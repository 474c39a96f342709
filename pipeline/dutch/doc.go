// Package dutch writes what users read in Dutch: numbers, dates, lists, small counts, and words for one
// and for more. It stands on nothing of ours, so that every package can use it.
//
// Words: a count is few when it is below five; a masked text says of such a count no more than that,
// nor of what is left of a whole without it. An exact number has the decimals it has, any other a
// fixed number of them. A plain number has no dots for thousands.
package dutch
