// Package delivery records which deliveries were received and decided about, and derives which are in force.
//
// Words:
//
//   - A delivery is the bytes of one file of a source about one peildatum. It never changes. landing/ has a
//     folder for each, with the original and delivery.json.
//   - A receipt is one arrival of those bytes.
//   - A decision is a person's decision about a delivery, an alert or a held publication, in decisions/.
//   - A sequence numbers receipts and decisions together, in order of time.
//   - A judgement is whether a load by today's contract accepts a delivery.
//   - The standing of a delivery follows from receipts, decisions and judgements: aanvaard (and in force),
//     geweigerd, vervangen or ingetrokken.
//   - A pakbon is what the supplier states that a delivery contains.
package delivery
