// Package inner is planted.
package inner

import _ "rescind/verify"
