// Package bucket reads and writes object stores: S3 and compatible servers, and Azure Blob Storage.
//
// Words:
//
//   - A bucket holds objects. Azure calls it a container.
//   - An object is bytes under a key, written and replaced as a whole. Its ETag identifies its
//     current bytes.
//   - A folder is the part of a key up to a slash. Stores know keys only.
//   - A fault is an answer of the store other than success.
//
// The caller provides the HTTP client, and with it trust, proxy and timeouts. The package never retries
// and reads nothing from the environment.
package bucket
