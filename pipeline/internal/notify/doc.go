// Package notify says to whom what is told, and brings it there.
//
// Words: a verdict is what a check says of one group now, with the stands before it. An alert
// (melding) is a verdict that is not in order, with what was decided about it. A recipient is a role,
// or a part of one ("uitvoeringsdienst/HBEL"), with one or more addresses. An entry is one alert as a
// message tells it: nieuw, erger, beter, opgelost, vervallen, wisselend or open. A digest is the one
// message of a day to a recipient. A channel brings a message to an address. The outbox holds messages
// until each address has had them; what has been sent is kept, for it is all that is remembered:
// which alerts a recipient knows of follows from the messages that it was sent.
//
// Which messages there are is a pure function of verdicts, decisions, messages before, settings and
// the time, see [Compose]. Nothing here is read by models or checks.
package notify
