// Command serve runs the OpenID provider for tests on this machine, to try
// signing in upstream without an account anywhere:
//
//	go run ./internal/testkit/openid/serve --for http://localhost:8000
//
// It prints the environment that rescind is to be started with. Everybody who
// comes is the one person of --subject, --email and --name, without a question,
// so it listens on a loopback address only.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"rescind/internal/testkit/openid"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:9000", "where to listen, a loopback address")
	client := flags.String("for", "http://localhost:8000", "the issuer of the rescind that signs people in here")
	subject := flags.String("subject", "jane-1", "who signs in")
	email := flags.String("email", "jane@example.com", "their email, verified")
	name := flags.String("name", "Jane Doe", "their name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("%s is no loopback address, and everybody who comes is let in", *addr), listener.Close())
	}
	p := openid.New("http://" + listener.Addr().String())
	c := openid.Client{ID: "rescind", Secret: rand.Text(), RedirectURI: strings.TrimSuffix(*client, "/") + "/o/upstream/callback/"}
	p.Register(c)
	p.SignIn(openid.Person{Subject: *subject, Email: *email, EmailVerified: true, Name: *name})
	fmt.Fprintf(out, "RESCIND_UPSTREAM_ISSUER=%s\nRESCIND_UPSTREAM_CLIENT_ID=%s\nRESCIND_UPSTREAM_CLIENT_SECRET=%s\n", p.Issuer(), c.ID, c.Secret)
	return serve(ctx, listener, p)
}

func serve(ctx context.Context, listener net.Listener, p *openid.Provider) error {
	server := &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
