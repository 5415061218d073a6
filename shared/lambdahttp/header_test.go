package lambdahttp

import "testing"

// Fuzzing found the difference to a server, which refuses such a request.
func TestWhatIsNoHeaderNameIsLeftOut(t *testing.T) {
	e := event{Headers: map[string]string{"Authorization ": "Basic x", "A:b": "1", "": "2", "ä": "3", "X-Fine": "4"},
		MultiValueHeaders: map[string][]string{"Two Words": {"5"}, "x-many": {"6", "7"}}}
	h := e.header()
	if len(h) != 2 || h.Get("X-Fine") != "4" || len(h["X-Many"]) != 2 {
		t.Errorf("the headers are %v", h)
	}
}
