package upstream

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"
)

// Waiting for ten seconds would prove no more than the client's setting does.
func TestAClientIsMadeCareful(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		given *http.Client
		want  time.Duration
	}{{nil, patience}, {&http.Client{}, patience}, {&http.Client{Timeout: time.Hour, Jar: jar}, patience}, {&http.Client{Timeout: time.Second}, time.Second}} {
		got := careful(tt.given)
		if got.Timeout != tt.want || got.Jar != nil || got == tt.given || !errors.Is(got.CheckRedirect(nil, nil), http.ErrUseLastResponse) {
			t.Errorf("of %+v becomes %+v", tt.given, got)
		}
	}
}

func TestAProvidersTextIsBriefAndPrintable(t *testing.T) {
	if got := brief(errors.New("a\nb\x00c\x1b[31md\u202ee")); got != "a?b?c?[31md?e" {
		t.Errorf("%q", got)
	}
	if got := brief(errors.New(strings.Repeat("ä", 1000))); len(got) != 300 {
		t.Errorf("%d bytes", len(got))
	}
}
