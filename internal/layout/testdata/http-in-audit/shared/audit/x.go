// Package audit is planted.
package audit

import _ "net/http/httptest"
