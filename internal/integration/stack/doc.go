// Package stack deploys template.yaml, in the explicit form that internal/explicit
// makes of it, on an emulator of AWS, and drives the API that comes of it over
// HTTP: the functions in their zip files, the routes, the tables and their
// environment, all as CloudFormation put them together.
//
// It speaks to S3, CloudFormation and API Gateway without a signature, which no
// AWS would take and no emulator looks at; an endpoint that is AWS, or is not on
// this machine or a private network, is refused all the same. It must not know
// the store's items.
package stack
