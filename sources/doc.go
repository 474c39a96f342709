// Package sources embeds the contracts and reference tables of the project. The code that uses them
// stands one folder down: contract reads a contract, place connects to where deliveries come from,
// pull takes them in, and delivery keeps what was received and decided.
package sources
