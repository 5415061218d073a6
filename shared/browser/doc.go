// Package browser answers what people's browsers ask: the authorization
// endpoint (RFC 6749 section 3.1), sign-in and sign-out, and the page of what
// one has authorized.
//
// The rules are:
//
//   - Nothing is written before the person decides, but that they signed in.
//   - A wrong client or redirect URI is told to the person; every other refusal
//     goes back to the client (RFC 6749 section 4.1.2.1). An outage goes nowhere:
//     it is a page with status 503.
//   - Every form bears a token of this browser's cookie and of its purpose, and
//     a form that another site sent is refused before anything is read.
//   - Epochs are read before what they vouch for, and carried forward.
//   - An answer to a POST is a page or a 303, never a 307 (RFC 9700 section 4.12).
//
// What is decided stands in packages authorization, session, user and upstream;
// what is shown in package page. It must not know stores.
package browser
