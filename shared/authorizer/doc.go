// Package authorizer decides, for API Gateway, whether a request to somebody's
// own API may pass: a Lambda authorizer over the rules that introspection has.
// It reads events of HTTP APIs (payload 2.0, with simple responses, and 1.0) and
// of REST APIs (REQUEST and TOKEN), and writes what each takes for an answer.
//
// The rules are: only one Authorization header counts; a token is dead here as
// soon as it is dead at introspection; an answer allows the asked route and
// nothing else; and an outage is an error, with which the gateway lets nothing
// pass and blames no token. The package must not know a store, net/http, or
// who the API's users are.
package authorizer
