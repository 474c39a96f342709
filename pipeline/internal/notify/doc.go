// Package notify decides who is told what, and delivers it.
//
// Words: a condition is what a check says of one group now, with its history. An alert (melding) is a
// condition that is not in order, with the decisions about it. A recipient is a role or a part of one
// ("uitvoeringsdienst/HBEL"), with one or more addresses. An entry is one alert in a message: nieuw,
// erger, beter, opgelost, vervallen, wisselend or open. A digest is a recipient's one message of the
// day. A target is one address of a message, and a channel delivers to targets. The outbox stores a
// message until every target has it; sent messages stay, because what a recipient knows follows from
// them alone.
//
// [Compose] is a pure function: conditions, decisions, earlier messages, settings and the time decide
// which messages are due. Models and checks read nothing of this package.
//
// Mail is configured under alerts.smtp, every other channel under alerts.channels by a driver; the
// comment at driver says how to add one.
package notify
