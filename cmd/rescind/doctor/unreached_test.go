package doctor_test

import (
	"net/http"
	"strings"
	"testing"

	"rescind/cmd/rescind/doctor"
)

// One cause is said once, and what was not seen is not called well.
func TestWhereNoEndpointIsReachedTheRestIsSkipped(t *testing.T) {
	all := asked(func(r *http.Request) { r.URL.Path = "/x" + r.URL.Path })
	some := asked(func(r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/o/") {
			r.URL.Path = "/x" + r.URL.Path
		}
	})
	for name, c := range map[string]struct {
		front front
		wrong int
	}{"nothing": {all, 2}, "the metadata only": {some, 1}} {
		t.Run(name, func(t *testing.T) {
			r := deploy(t, c.front, "").examine(t)
			expect(t, r, doctor.Wrong, "routes", "no endpoint is reached")
			for _, check := range []string{"statuses", "headers", "refusals", "caches", "token"} {
				expect(t, r, doctor.Skipped, check, "no endpoint was reached")
			}
			if n := r.Count(doctor.Wrong); n != c.wrong {
				t.Errorf("%d wrong: %v", n, r)
			}
		})
	}
}
