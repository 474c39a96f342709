// Package pseudonym recognises BSNs and replaces them by pseudonyms.
//
// Words:
//
//   - A BSN (burgerservicenummer) is nine digits that pass the elfproef: weights 9 to 2 and −1, a sum
//     divisible by 11.
//   - A pseudonym replaces a BSN: the first 128 bits of its HMAC-SHA-256 under a secret, as 32
//     lower-case hexadecimal digits.
//   - A key is the chain of secrets of a data directory, oldest first. Each secret makes a pseudonym
//     of the pseudonym before it, so stored data can follow a rotation without any BSN.
//   - A fingerprint identifies a key without revealing it.
package pseudonym
