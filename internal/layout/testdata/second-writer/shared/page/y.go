// Package page is planted.
package page

import "net/http"

func e(w http.ResponseWriter) { w.WriteHeader(200) }
