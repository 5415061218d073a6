// Package dynamo is planted.
package dynamo

import _ "rescind/shared/granttype"
