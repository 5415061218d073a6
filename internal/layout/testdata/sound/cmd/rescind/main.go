// Command rescind is planted.
package main

import (
	"os"

	_ "rescind/shared/sqlite"
)

var x = os.Getenv("X")
