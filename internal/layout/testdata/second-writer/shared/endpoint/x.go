// Package endpoint is planted.
package endpoint

import (
	"fmt"
	"net/http"
)

func a(w http.ResponseWriter) { w.WriteHeader(200) }
func b(w http.ResponseWriter) { http.Error(w, "x", 500) }
func c(w http.ResponseWriter) { fmt.Fprintln(w, "x") }
func d(w http.ResponseWriter) { _, _ = w.Write(nil) }
