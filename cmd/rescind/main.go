// Command rescind is what is run by hand: `serve`, the local gateway, and the
// operator's commands, which work beside running servers.
//
// The rules are: stdout holds results, stderr holds logs, audit lines and the
// one sentence of a failure; a secret or token is written to stdout only, and
// only where it was asked for; whatever ends a grant goes through the rules in
// shared/grant and shared/client. Only main reads the environment, and for
// DynamoDB the AWS SDK's own configuration loader. The package must not know
// the protocol's wire: it serves the endpoints' handlers as they are.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the first
	os.Exit(Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Run executes one command line and gives its exit status: 0 where it did what
// was asked, 1 where that failed, 2 where the command line itself is wrong.
// env looks up environment variables. The end of ctx is a Ctrl-C.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	a := newApp(stdin, stdout, stderr, env)
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.finish(args, root.ExecuteContext(ctx))
}
