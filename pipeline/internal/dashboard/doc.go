// Package dashboard serves the state of the service over HTTP: pages in Dutch for people, JSON and
// metrics in English for programs. It only reads.
//
// Words:
//
//   - A page is a template in the binary, rendered without JavaScript.
//   - A view is the data of one page.
//   - A source supplies the data: the ledger, the marts and the state of the service.
//   - Access says where the dashboard listens and who may see it.
//
// The texts of findings are already masked (see [inbeeld/pipeline/internal/ledger.Finding]). This
// package hides the queries behind findings, and texts that an earlier release recorded unmasked.
package dashboard
