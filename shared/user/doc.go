// Package user holds the accounts that people sign in with: built-in ones with
// a password, and those of an upstream OpenID provider.
//
// An account is found by its Key, the digest of where and by what name it signs
// in, and names a Subject, which tokens carry (RFC 9068 section 2.2). A subject
// is never given twice: who deletes an account and makes one with the same
// email gets a new subject, so that nothing of the old one comes alive. What
// ends a user's grants and sessions is the subject's epoch, see package grant;
// no row here is a reason for a token to be dead or alive.
//
// It must not know HTTP, pages, sessions or stores.
package user
