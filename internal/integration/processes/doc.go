// Package processes runs the compiled functions, each a process of its own, over
// one DynamoDB: what is revoked through one of them must be dead in the others
// from the 200 on, and when the network between them and the tables is bad, each
// answer must be right or 503.
//
// It knows the endpoints by what RFC 6749, RFC 7009 and RFC 7662 say of them,
// and judges nothing by looking into the tables.
package processes
