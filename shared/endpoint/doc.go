// Package endpoint holds the HTTP endpoints: form parsing at the door, one
// numbered pipeline that every request passes, and reply.go, the one file that
// writes responses.
//
// The pipeline's order is fixed: 1 method, 2 media type, 3 size, 4 query free
// of credentials, 5 well-formed and unrepeated parameters, 6 the client's
// credentials, 7 one consistent read, 8 the client's authentication, 9 the
// endpoint's own. Whatever fails is either an *oauth.Error, which the protocol
// has an answer for, or an outage, which is 503 and says nothing more.
//
// It must not know which store it works on, nor the environment, nor where it
// runs: the Lambda functions and the local gateway serve the very same handlers.
package endpoint
