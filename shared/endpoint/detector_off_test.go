//go:build !race

package endpoint_test

const raceDetector = false
