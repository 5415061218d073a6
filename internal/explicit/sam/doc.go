// Package sam reads template.yaml, and writes its serverless resources out as
// the plain ones that an emulator of AWS without the SAM transform deploys:
// functions, and an HTTP API of one route and one integration for each event.
//
// Parameters and conditions are resolved, since emulators differ in how they
// do that. What is left refers by Ref, Fn::GetAtt, Fn::Sub and Fn::Join only.
// Versions, aliases and gradual deployments are left out, and a global table of
// one replica becomes a table: nothing of them shows in an answer. This is no
// SAM translator: what template.yaml does not use is an error.
//
// It must not know what rescind is: it reads a template, and nothing else.
package sam
