// Package endpoint is planted.
package endpoint

import (
	"net/http"

	_ "rescind/shared/audit"
	_ "rescind/shared/granttype"
)

type counted struct{ http.ResponseWriter }

func (w *counted) WriteHeader(status int) { w.ResponseWriter.WriteHeader(status) }
