// Package verify is planted.
package verify

import (
	_ "net/http"

	_ "modernc.org/sqlite"

	_ "rescind/shared/oauth"
)
