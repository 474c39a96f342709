// Package delivery keeps what was received. A delivery is the bytes of one file about one peildatum,
// received once and never changed; a receipt is one arrival of those bytes. Landing holds each delivery
// in a folder of its own, with the original and delivery.json. A decision is what a person said about a
// delivery. The status of a delivery (aanvaard, geweigerd, vervangen, ingetrokken) is a pure function of
// receipts, decisions and judgements.
package delivery
