// Package token makes, parses and recognises token values: access tokens,
// refresh tokens and authorization codes. A value is
//
//	<prefix><base64url(payload)><6-character checksum>
//
//	access   rsc_at_   grant id (16 bytes), 32 random bytes
//	refresh  rsc_rt_   grant id, family secret (16 bytes), 32 bytes of its own
//	code     rsc_ac_   grant id, 32 random bytes
//
// The family secret is the same for the grant's life and in no access token:
// without it an old refresh token could not be told from a forgery.
//
// It holds no state and must not know stores, clients or HTTP: whether a token
// is alive is for package grant to say.
package token
