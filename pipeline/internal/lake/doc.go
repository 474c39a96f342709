// Package lake loads a delivery: it streams the records of the original through SQL into a lake file and a
// quarantine file, and accepts or refuses the delivery.
//
// Words:
//
//   - The lake has one Parquet file per accepted delivery, with pseudonyms for BSNs.
//   - Quarantine has the faults of the records that were not loaded: one row per fault.
//   - A Load, or load record, is the JSON next to a lake file: counts, header, reasons and fingerprints. A
//     delivery is loaded again unless its load is current, complete and not outdated.
//   - The Balance accounts for every record: loaded, in quarantine, or no data.
//   - Shares are counts of how values are written; a large change from the preceding delivery is drift.
//   - A judgement is the status of a BSN with its pseudonym or length. The database never sees a BSN.
//   - A pakbon is the supplier's statement of what was delivered: counts, sums and a SHA-256.
package lake
