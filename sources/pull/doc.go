// Package pull lands the files that places offer as deliveries.
//
// Words:
//
//   - A pull looks at every place twice, and leaves files that change meanwhile.
//   - A visit is one place with the files that were seen there.
//   - A candidate is a new file that matches one contract.
//   - An extract is a copy of a file in a hidden folder of landing, before it becomes a delivery.
//   - Landing a file makes it a delivery, or adds a receipt to the delivery with the same bytes.
//   - A repeated file has bytes that are not new, and gets no receipt.
//
// The failure of one file or source does not stop the others.
package pull
