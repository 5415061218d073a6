// Package audit is planted.
package audit

import _ "rescind/shared/secret"
