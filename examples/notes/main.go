// Command notes is an example of an API that rescind protects: it keeps notes
// in memory, each for whom its token stands for. `go run .` serves it by
// itself, behind the middleware of package verify. On Lambda it stands behind
// the same middleware where NOTES_ISSUER is set, and else behind rescind's
// authorizer, which has judged the token before (template.yaml has both).
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"rescind/shared/lambdahttp"
	"rescind/verify"
)

func main() {
	run := serve
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		run = invoked
	}
	if err := run(); err != nil {
		slog.Error("notes: " + err.Error())
		os.Exit(1)
	}
}

// invoked answers Lambda's events until the process ends.
func invoked() error {
	h, err := onLambda()
	if err == nil {
		lambda.Start(h)
	}
	return err
}

// onLambda is the API behind the gate that the environment asks for.
func onLambda() (lambda.Handler, error) {
	if os.Getenv("NOTES_ISSUER") == "" {
		return behindAuthorizer{lambdahttp.Handler(api(&notes{}, authorized))}, nil
	}
	v, err := verifier()
	if err != nil {
		return nil, err
	}
	return lambdahttp.Handler(api(&notes{}, introspected(v))), nil
}

// verifier asks the authorization server that the environment names.
func verifier() (*verify.Verifier, error) {
	return verify.New(verify.Config{
		Issuer:       or(os.Getenv("NOTES_ISSUER"), "http://localhost:8000"),
		ClientID:     os.Getenv("NOTES_CLIENT_ID"),
		ClientSecret: verify.NewSecret(os.Getenv("NOTES_CLIENT_SECRET")),
		Audience:     or(os.Getenv("NOTES_AUDIENCE"), "https://notes.example.com"),
		Observe:      observe,
	})
}

// serve runs the API on this machine until it is interrupted.
func serve() error {
	v, err := verifier()
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr: or(os.Getenv("NOTES_ADDR"), "127.0.0.1:8001"), Handler: api(&notes{}, introspected(v)),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		ended <- server.Shutdown(drain)
	}()
	slog.Info("notes: listening", "address", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// observe logs what kept the authorization server from being asked: its caller
// sees 503 and no more.
func observe(e verify.Event) {
	if e.Status == http.StatusServiceUnavailable {
		slog.Error("notes: a token could not be judged", "error", e.Err.Error())
	}
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
