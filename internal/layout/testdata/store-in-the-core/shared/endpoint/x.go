// Package endpoint is planted.
package endpoint

import _ "rescind/shared/sqlite"
