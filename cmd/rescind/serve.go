package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/granttype"
)

// The limits of the HTTP server. A caller that is slow must not hold a
// connection for long, and no answer takes longer than a busy store's.
const (
	readHeaderLimit = 5 * time.Second
	readLimit       = 15 * time.Second
	writeLimit      = 30 * time.Second
	idleLimit       = 60 * time.Second
	maxHeaderBytes  = 16 << 10
	drainLimit      = 10 * time.Second
)

type serveFlags struct {
	addr   string
	issuer string
	trail  string
	demo   bool
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the endpoints on this machine",
		Long: `Serve the endpoints on this machine, until Ctrl-C or SIGTERM.

With 127.0.0.1 or localhost it listens on ::1 too, where there is IPv6. The
store is made where there is none. One log line for each request and one for
each event of the audit go to standard error: JSON, or readable lines on a
terminal. The audit's are kept in a file beside a SQLite store too, which
"rescind stats" reads: lines arrive there some 100 ms later, a file of 64 MiB is
put aside as FILE.1, and one that cannot be written fails no request.`,
		Example: "  rescind serve --demo\n  rescind serve --addr 127.0.0.1:8001 --store sqlite:/var/lib/rescind/rescind.db --issuer https://auth.example.com",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.serve(cmd.Context(), f)
			if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
				return nil // stopped before it had started
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.addr, "addr", "127.0.0.1:8000", "the `HOST:PORT` to listen on; port 0 takes any that is free")
	flags.StringVar(&f.issuer, "issuer", "", "the `URL` that stands in the metadata and in introspections (default http://localhost:PORT)")
	flags.StringVar(&f.trail, "audit-trail", "", "keep the audit in this `FILE` too, or off (default what RESCIND_AUDIT_TRAIL says,\nelse PATH-audit.jsonl beside sqlite:PATH, and off for DynamoDB)")
	flags.BoolVar(&f.demo, "demo", false, "register a demo client of each type, and make a demo user, on the first start, and\nprint how to use them")
	return cmd
}

// serve runs the gateway until ctx ends, which is no failure.
func (a *app) serve(ctx context.Context, f serveFlags) (err error) {
	addr, err := parseAddress(f.addr)
	if err != nil {
		return err
	}
	l, err := parseStore(a.storeName)
	if err != nil {
		return err
	}
	if f.issuer != "" {
		if err := endpoint.CheckIssuer(f.issuer); err != nil {
			return usagef("--issuer: %w", err)
		}
	}
	listeners, port, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	collectSeldom()
	addr.port = port
	s := site{issuer: f.issuer, addr: addr, store: a.storeName}
	if s.issuer == "" {
		s.issuer = "http://localhost:" + strconv.Itoa(port)
	}
	if l.isFile() && !l.exists() && !a.asJSON {
		if _, err := fmt.Fprintf(a.stdout, "Creating the store in %s\n", l.path); err != nil {
			return fmt.Errorf("writing to standard output: %w", err)
		}
	}
	store, err := a.open(ctx, l, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if f.trail != "" {
		a.trailName = f.trail
	}
	trail := a.openTrail()
	defer trail.close()
	handler, err := a.gateway(store, s.issuer, a.auditLog(trail))
	if err != nil {
		return err
	}
	var d demo
	if f.demo {
		if d, err = a.prepareDemo(ctx, store); err != nil {
			return err
		}
	}
	if err := a.printBanner(s, listeners, d); err != nil {
		return err
	}
	return a.run(ctx, handler, listeners)
}

// garbage is the collector's percentage. What the server keeps is small, some
// megabytes, so that at Go's own 100 the collector runs dozens of times a second
// under load; at this it takes a few megabytes more, and a tenth of the time.
const garbage = 400

// collectSeldom leaves the choice to who has made one.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}

// gateway is all endpoints over one store.
func (a *app) gateway(store operatorStore, issuer string, log audit.Log) (http.Handler, error) {
	svc := &endpoint.Service{
		Issuer: issuer,
		Rules:  a.rules,
		Auth:   client.NewAuthenticator(a.rules.Now, client.NewAttempts(10, 6*time.Second)),
		Audit:  log,
		Log:    a.log,
	}
	pages, err := a.pages(svc, store)
	if err != nil {
		return nil, err
	}
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}, granttype.AuthorizationCode{}}
	return svc.Gateway(map[string]http.Handler{
		endpoint.RouteToken:         svc.Token(store, types...),
		endpoint.RouteRevocation:    svc.Revocation(store),
		endpoint.RouteIntrospection: svc.Introspection(store),
		endpoint.RouteMetadata:      svc.Metadata(types...),
		endpoint.RouteBrowser:       pages,
	}, store)
}

// run serves until ctx ends, then lets the requests under way finish.
func (a *app) run(ctx context.Context, handler http.Handler, listeners []net.Listener) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderLimit,
		ReadTimeout:       readLimit,
		WriteTimeout:      writeLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog(a.log),
		// "OPTIONS *" is answered as any other path that does not exist.
		DisableGeneralOptionsHandler: true,
	}
	all, stopped := errgroup.WithContext(ctx)
	for _, l := range listeners {
		all.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving on %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	all.Go(func() error {
		<-stopped.Done()
		a.log.Info("stopping", "limit", drainLimit.String())
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			a.log.Warn("some requests were still under way and were cut off")
			_ = server.Close() // what is left has had its time
		}
		return nil
	})
	err := all.Wait()
	if err == nil {
		a.log.Info("stopped")
	}
	return err
}

// site is where the service is and who it says it is.
type site struct {
	issuer string
	addr   address
	store  string
}

// base is the URL to type on this machine: the issuer where that is this very
// port of localhost, else the port with the issuer's path.
func (s site) base() string {
	path := ""
	if u, err := url.Parse(s.issuer); err == nil {
		path = u.Path
	}
	host := s.addr.host
	if host == "" || host == loopback4 || host == loopback6 || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	return "http://" + join(host, s.addr.port) + path
}
