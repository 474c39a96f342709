// Package sources owns what comes in.
//
// A contract says what one supplier delivers: where it is found, what its columns mean and what is
// refused. A place is a folder, server or query that deliveries come from; a connector lists and opens
// the files of one place. A delivery is the bytes of one file about one peildatum, received once and
// never changed; a receipt is one arrival of those bytes.
// Landing is where deliveries lie, each in a folder of its own with the original and delivery.json.
// A decision is what a person said about a delivery. The status of a delivery (aanvaard,
// geweigerd, vervangen, ingetrokken) is a pure function of receipts, decisions and verdicts.
package sources
