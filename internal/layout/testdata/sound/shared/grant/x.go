// Package grant is planted.
package grant

import _ "rescind/shared/token"
