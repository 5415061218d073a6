//go:build race

package endpoint_test

// raceDetector tells that the detector is built in, which allocates too.
const raceDetector = true
