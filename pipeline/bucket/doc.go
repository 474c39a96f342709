// Package bucket reads and writes object stores: S3 and compatible servers, and Azure Blob Storage.
//
// Words:
//
//   - A bucket contains objects. Azure calls it a container.
//   - An object is bytes under a key, written and replaced at once. Its ETag identifies its current
//     bytes.
//   - A folder is the part of a key up to a slash. Stores know only keys.
//   - A fault is a response of the store other than success.
//
// The HTTP client of the caller decides trust, proxy and timeouts. The package never retries and reads
// nothing from the environment.
package bucket
