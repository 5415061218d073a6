package lambdahttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"rescind/shared/lambdahttp"
)

// logTo sends slog's default logger to a buffer for one test.
func logTo(t *testing.T) *bytes.Buffer {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

type secretPanic string

func explode(http.ResponseWriter, *http.Request) { panic(secretPanic("CANARY-7f3a")) }

func TestPanicFailsTheInvocationAndKeepsItsValue(t *testing.T) {
	log := logTo(t)
	out, err := lambdahttp.Handler(http.HandlerFunc(explode)).
		Invoke(context.Background(), readEvent(t, "http-api-2.0-form"))
	if !errors.Is(err, lambdahttp.ErrPanic) || out != nil {
		t.Fatalf("answer %q, error %v; want ErrPanic", out, err)
	}
	line := log.String()
	for _, want := range []string{"lambdahttp_test.secretPanic", "lambdahttp_test.explode:", "JKJaXmPLvHcESHA="} {
		if !strings.Contains(line, want) {
			t.Errorf("the log lacks %q: %s", want, line)
		}
	}
	if strings.Contains(line+err.Error(), "CANARY") {
		t.Errorf("the panic's value was told: %s %v", line, err)
	}
}

func TestAbortIsNotLogged(t *testing.T) {
	log := logTo(t)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if _, err := lambdahttp.Handler(h).Invoke(context.Background(), readEvent(t, "function-url")); !errors.Is(err, lambdahttp.ErrPanic) {
		t.Errorf("error %v, want ErrPanic", err)
	}
	if log.Len() != 0 {
		t.Errorf("logged %s", log)
	}
}

func TestContextReachesTheHandler(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		if r.Context().Err() == nil {
			t.Error("the request's context does not follow the invocation's")
		}
	})
	if _, err := lambdahttp.Handler(h).Invoke(ctx, readEvent(t, "function-url")); err != nil {
		t.Fatal(err)
	}
	if id := lambdahttp.RequestID(context.Background()); id != "" {
		t.Errorf("RequestID of a foreign context: %q", id)
	}
}

func TestConcurrentInvocationsDoNotMix(t *testing.T) {
	h := lambdahttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Id", lambdahttp.RequestID(r.Context()))
		_, _ = io.Copy(w, r.Body)
	}))
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			event := fmt.Sprintf(`{"version":"2.0","rawPath":"/","body":"b%d","requestContext":{"requestId":"r%d","http":{"method":"POST"}}}`, i, i)
			out, err := h.Invoke(context.Background(), []byte(event))
			if err != nil {
				t.Error(err)
				return
			}
			got := decodeAnswer(t, out, true)
			if string(got.body) != fmt.Sprintf("b%d", i) || got.header.Get("X-Id") != fmt.Sprintf("r%d", i) {
				t.Errorf("invocation %d was answered %s", i, out)
			}
		})
	}
	wg.Wait()
}

func BenchmarkInvoke(b *testing.B) {
	h := lambdahttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"active":false}`)
	}))
	event := readEvent(b, "http-api-2.0-form")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Invoke(context.Background(), event); err != nil {
			b.Fatal(err)
		}
	}
}
