// Package sqlite is planted.
package sqlite

import _ "rescind/shared/dynamo"
