// Package secret holds what must not be seen: values that do not print,
// digests, constant-time comparison, and the alphabet and checksum in which
// every secret that we make is written.
//
// The rules are: a secret value is a Text from the moment it is read; a digest
// is SHA-256 over the whole string; only digests are stored; comparison is
// constant-time. It must not know what a secret is for.
package secret
