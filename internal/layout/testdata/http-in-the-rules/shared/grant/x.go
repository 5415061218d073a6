// Package grant is planted.
package grant

import _ "net/http"
