// Package proxy stands between a caller and an HTTP server and does to the
// requests what a network does: it delays, loses, cuts, doubles and reorders
// them, as it is told for each. It must not know what the requests mean.
package proxy
