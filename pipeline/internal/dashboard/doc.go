// Package dashboard serves what the service does over HTTP: pages in plain Dutch for people, JSON and
// metrics in English for programs. It only reads.
//
// Words: a page is a template in the binary, rendered here; it needs no JavaScript. A view is the data
// of one page. A source supplies the data: the ledger, the marts and the state of the service. Access
// says where the dashboard listens and who may see it.
//
// The texts of findings arrive masked (see [inbeeld/pipeline/internal/ledger.Finding]): this package
// changes no text. It hides the queries behind findings, and the texts that an earlier release recorded
// unmasked.
package dashboard
