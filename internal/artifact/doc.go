// Package artifact builds what is shipped: the Lambda functions' bootstraps and
// the operator's command, and zips them so that the same sources give the same
// bytes. Whoever builds to measure, to deploy or to release builds here, so
// that all of them speak of one program.
//
// It knows the module's folders and the go command. It must not import a
// package of the service.
package artifact
