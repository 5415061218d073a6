// Package client is planted.
package client

import "os"

var x = os.Getenv("X")
