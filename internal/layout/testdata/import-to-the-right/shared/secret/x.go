// Package secret is planted.
package secret

import _ "rescind/shared/client"
