// Package lambdahttp lets an ordinary http.Handler answer the events that API
// Gateway and Lambda function URLs send: payload format 2.0 (HTTP APIs and
// function URLs) and 1.0 (REST APIs, and HTTP APIs set to 1.0).
//
// The rules are:
//
//   - The handler sees what net/http would have shown it: canonical header
//     names, the path without the stage, the query string, the body's own
//     bytes, the caller's address as RemoteAddr.
//   - Nothing is split that the gateway joined and nothing is joined that it
//     kept apart, except where the payload format leaves no other way. Format
//     2.0 joins repeated request headers with commas, and its answers have one
//     value for each header, so several are sent joined with ", " (RFC 9110
//     section 5.3); Set-Cookie, which cannot be joined, travels in "cookies".
//   - An event that is no HTTP request is an error, which fails the invocation
//     (the gateway answers 502). So is a panic in the handler. There is no
//     protocol answer here: whoever wants a panic answered in words recovers
//     before this package does.
//   - No error and no log line holds anything of an event or of a panic's
//     value: either may be a credential.
//   - No body is too large here: the gateway has its limit, the handler its own.
//
// A stage's name is stripped where the path starts with it, because gateways
// put it there in format 2.0, and in 1.0 from an HTTP API. So give no stage
// the name of a path's first segment. A base path that a custom domain maps is
// left in the path.
//
// This package knows no other package of this module, no OAuth and no store.
// It holds no state: one handler serves any number of invocations at a time
// (AWS_LAMBDA_MAX_CONCURRENCY).
//
// Source: "Working with Lambda proxy integrations for HTTP APIs" (API Gateway
// Developer Guide) and "Invoking Lambda function URLs" (Lambda Developer Guide).
package lambdahttp
