// Package grant is planted.
package grant

import _ "rescind/internal/testkit/broken"
