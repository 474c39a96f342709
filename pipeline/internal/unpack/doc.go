// Package unpack takes a file out of its envelope, and seals small secrets.
//
// Words:
//
//   - An envelope is what a delivered file is wrapped in: gzip, a zip archive with one relevant file,
//     with or without a password, or encryption with age or OpenPGP. A workbook is a zip archive but
//     not an envelope.
//   - The content is the file inside. If it cannot be extracted, or would fill the disk, the error is
//     a *RefusedError with a reason in Dutch for the supplier.
//   - A secret is our private key or password for an envelope.
//   - A seal is a small secret encrypted with age, such as a backup of the pseudonym key. A Lock
//     closes and opens it.
package unpack
