// Package price computes what requests to the deployed service cost: units of
// DynamoDB as shared/dynamo's tests count them, log bytes as this package's
// tests measure them, and AWS's list prices. docs/cost.md says all of it in
// words, and a test holds that page to what is computed here.
//
// It is pure: it knows numbers only, reads nothing and prints nothing, and must
// not import another package of ours.
package price
