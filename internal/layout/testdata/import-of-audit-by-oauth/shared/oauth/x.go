// Package oauth is planted.
package oauth

import _ "rescind/shared/audit"
