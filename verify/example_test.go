package verify_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"rescind/verify"
)

// An API in ten lines: whoever has notes:read sees whose token it is.
func Example() {
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json") // stands for an authorization server
		_, _ = io.WriteString(w, `{"active":true,"scope":"notes:read","sub":"alice","token_type":"Bearer","aud":"https://api.example.com"}`)
	}))
	defer auth.Close()

	v, err := verify.New(verify.Config{
		Issuer: auth.URL, ClientID: "notes-api", ClientSecret: verify.NewSecret("from the environment"), Audience: "https://api.example.com",
	})
	if err != nil {
		panic(err)
	}
	http.Handle("GET /notes", v.Require("notes:read")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := verify.FromContext(r.Context())
		fmt.Fprintf(w, "the notes of %s", token.Subject)
	})))

	r := httptest.NewRequest(http.MethodGet, "/notes", nil)
	r.Header.Set("Authorization", "Bearer rsc_at_example")
	w := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 the notes of alice
}
