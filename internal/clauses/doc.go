// Package clauses reads conformance cases: one file each, holding one sentence
// of an RFC or what it comes to here, requests, the whole responses expected,
// and what must be true after. It also draws the page that lists them. The
// rules are:
//
//	clause: RFC 7009 section 2.2.1
//	says: The one sentence, quoted, paraphrased or applied.
//	issuer: https://auth.example      (optional)
//	not lambda: why not               (optional)
//
//	-- given --     clients, grants, clock moves, faults; optional
//	-- request --   a request; a response and what is true after must follow
//	-- response --
//	-- after --
//
// The four sections repeat as often as a case has steps. Anything else is an
// error, so that a misspelt section cannot pass as an empty one. The file's name
// begins with the clause: rfc7009-2.2.1-outage.txt.
//
// The package knows the form of a case only, and how a run goes through it and
// compares. What its lines mean is known to the tests that run them.
package clauses
