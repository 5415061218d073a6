package endpoint

import "net/http"

func a(w http.ResponseWriter) { w.WriteHeader(200) }
