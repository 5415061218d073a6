// Command soak runs a rescind server for a time at a share of its peak, with
// the operator's command writing beside it, and judges every answer by a model
// of its own. At the end nothing may be lost, nothing may have grown, and after
// a restart all of it must still be true.
//
//	go run ./internal/soak [--for 3m] [--store sqlite|dynamodb] [--rate-share 0.7]
//	                       [--markdown] [--json]
//
// The model (model.go) knows the protocol and nothing of the stores. Rows that
// expire during the run are put into the store first, as many a second as will
// be born: so the file is as one that has been in use for days, and stays flat
// only if the cleaning keeps up.
package main
