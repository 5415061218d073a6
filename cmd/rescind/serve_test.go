package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"rescind/shared/endpoint"
)

var demoPassword = regexp.MustCompile(`(?m)^  password  (\S+)$`)

var pasted = regexp.MustCompile(`(?m)^(TOKEN=|curl ).*$`)

func TestFirstStartLaterStartAndTheThreeLines(t *testing.T) {
	store := "sqlite:" + filepath.Join(privateDir(t), "new", "rescind.db")
	first := start(t, store, "--demo")
	out := first.stdout.String()
	expect(t, out, "Creating the store in ", "shown this once", "demo-confidential-", "demo-public-", "rsc_cs_", "A demo user was made", demoEmail)
	shown := demoPassword.FindStringSubmatch(out)
	if shown == nil || !(&world{t, store}).signsIn(demoEmail, shown[1]) {
		t.Errorf("the demo user's password does not sign in:\n%s", out)
	}
	lines := pasted.FindAllString(out, -1)
	if len(lines) != 3 {
		t.Fatalf("%d lines to paste:\n%s", len(lines), out)
	}
	tutorial := `^curl --data "token=\$TOKEN&client_id=demo-confidential-[a-z0-9]+&client_secret=rsc_cs_[\w-]+" http://localhost:` + first.port() + `/o/revoke_token/$`
	if !regexp.MustCompile(tutorial).MatchString(lines[2]) {
		t.Errorf("not the tutorial's form: %s", lines[2])
	}
	t.Run("pasted", func(t *testing.T) { paste(t, first, lines) })
	if status := first.stop(nil); status != exitOK {
		t.Errorf("Ctrl-C: exit status %d", status)
	}
	first.logLines()

	later := start(t, store, "--demo")
	out = later.stdout.String()
	expect(t, out, "The demo clients: demo-confidential-", "go run ./cmd/rescind client rotate-secret demo-confidential-", "--store "+store,
		"The demo user is "+demoEmail, "go run ./cmd/rescind user set-password "+demoEmail+" --generate --store "+store,
		"go run ./cmd/rescind authorize --client demo-public-", later.url+"/o/authorized_tokens/")
	if strings.Contains(out, "Creating the store") || strings.Contains(out, ours) {
		t.Error("a later start says that it is the first, or shows a secret")
	}
	w := &world{t, store}
	if n := len(w.json("client", "list")["clients"].([]any)); n != 2 || len(w.users()) != 1 || strings.Contains(out, shown[1]) {
		t.Errorf("%d clients, or the demo user's password is shown again", n)
	}
}

// paste runs the lines in one shell, as a newcomer does.
func paste(t *testing.T, s *server, lines []string) {
	for _, program := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here", program)
		}
	}
	script := strings.Join([]string{lines[0], lines[1], "echo", lines[2], "echo revoked", lines[1]}, "\n")
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(out), "revoked\n")
	if v := object(t, before); !ok || v["active"] != true || v["iss"] != s.url {
		t.Errorf("before the revocation: %v", v)
	}
	if strings.TrimSpace(after) != `{"active":false}` {
		t.Errorf("after the revocation: %s", after)
	}
}

func TestDemoIsNotMadeAgainWhenItWasDeletedOrSwitchedOff(t *testing.T) {
	w := newWorld(t)
	start(t, w.store, "--demo").stop(nil)
	id := text(t, w.json("client", "list")["clients"].([]any)[0].(map[string]any), "client_id")
	w.ok("client", "disable", id)
	w.ok("user", "disable", demoEmail)
	off := start(t, w.store, "--demo")
	expect(t, off.stdout.String(), "rescind client enable "+id, "rescind user enable "+demoEmail)
	off.stop(nil)
	w.ok("client", "delete", id)
	w.ok("user", "delete", demoEmail)
	gone := start(t, w.store, "--demo")
	expect(t, gone.stdout.String(), id+" (deleted)", "rescind client create", "rescind user create")
	if len(w.users()) != 0 {
		t.Error("the demo user was made again")
	}
	if n := len(w.json("client", "list", "--deleted")["clients"].([]any)); n != 2 {
		t.Errorf("%d clients", n)
	}
}

func TestServeJSON(t *testing.T) {
	w := newWorld(t)
	s := start(t, w.store, "--demo", "--json", "--issuer", "https://auth.example.com/sub")
	var b bannerView
	if err := json.Unmarshal([]byte(s.stdout.String()), &b); err != nil {
		t.Fatal(err)
	}
	if b.Issuer != "https://auth.example.com/sub" || b.Store != w.store || len(b.DemoClients) != 2 || b.DemoClients[0].Secret == "" {
		t.Errorf("issuer %s, store %s, %d demo clients", b.Issuer, b.Store, len(b.DemoClients))
	}
	if len(b.DemoUsers) != 1 || b.DemoUsers[0].Email != demoEmail || b.DemoUsers[0].State != "on" || !w.signsIn(demoEmail, b.DemoUsers[0].Password) {
		t.Error("the demo user is missing, or its password does not sign in")
	}
	c := credentials{b.DemoClients[0].ID, b.DemoClients[0].Secret}
	s.url += "/sub"
	value := s.token(c)
	if !s.active(c, value) {
		t.Error("not active")
	}
	if s.stop(nil) != exitOK {
		t.Error("not a clean stop")
	}
	requests, audits := 0, 0
	for _, line := range s.logLines() {
		switch line["msg"] {
		case "request":
			requests++
		case "audit":
			audits++
		}
	}
	if requests != 2 || audits != 4 { // two clients registered, a user made, one token issued
		t.Errorf("%d requests and %d events in the log", requests, audits)
	}
}

func TestIssuerFollowsThePort(t *testing.T) {
	s := start(t, newWorld(t).store)
	if s.url != "http://localhost:"+s.port() {
		t.Errorf("the banner says %s", s.url)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} {
		res, err := http.Get("http://" + host + ":" + s.port() + "/.well-known/oauth-authorization-server")
		if host == "[::1]" && !hasIPv6() {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if v := object(t, string(body)); v["issuer"] != s.url {
			t.Errorf("%s: issuer %v", host, v["issuer"])
		}
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		_ = l.Close()
	}
	return err == nil
}

// A real second process, stopped by each signal; what it knew, its successor knows.
func TestSignalsStopItAndARestartKeepsTokens(t *testing.T) {
	w := newWorld(t)
	c := w.confidential()
	var value string
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		s := launch(t, w.store)
		if value == "" {
			value = s.token(c)
		}
		if !s.active(c, value) {
			t.Error("the token was forgotten")
		}
		if status := s.stop(signal); status != exitOK {
			t.Errorf("%v: exit status %d", signal, status)
		}
		if lines := s.logLines(); lines[len(lines)-1]["msg"] != "stopped" {
			t.Errorf("%v: the last line is %v", signal, lines[len(lines)-1])
		}
	}
}

// The operator's command works beside a server in another process.
func TestCommandsBesideARunningServer(t *testing.T) {
	w := newWorld(t)
	s := launch(t, w.store)
	c := w.confidential()

	for _, end := range []func(value string){
		func(value string) { w.okWith(value+"\n", "revoke", "--token", "-") },
		func(string) { w.ok("revoke", "--client", c.id) },
		func(string) { w.ok("client", "disable", c.id); w.ok("client", "enable", c.id) },
	} {
		value := s.token(c)
		if !s.active(c, value) {
			t.Fatal("a new token is not active")
		}
		end(value)
		if s.active(c, value) {
			t.Error("a revoked token is active")
		}
	}

	users := w.json("grant", "create", "--client", c.id, "--subject", "alice")
	access, refresh := text(t, users, "access_token"), text(t, users, "refresh_token")
	if !s.active(c, access) || !s.active(c, refresh) {
		t.Error("an operator's grant is not active")
	}
	w.ok("revoke", "--subject", "alice")
	if s.active(c, access) || s.active(c, refresh) {
		t.Error("a revoked user's token is active")
	}
	if status, v := s.post("/o/token/", c.form("grant_type", "refresh_token", "refresh_token", refresh)...); status != 400 || v["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, v)
	}

	rotated := credentials{c.id, text(t, w.json("client", "rotate-secret", c.id), "client_secret")}
	s.token(c)
	s.token(rotated)
	w.ok("client", "rotate-secret", c.id, "--drop-old")
	s.token(rotated)
	if status, _ := s.post("/o/token/", c.form("grant_type", "client_credentials")...); status != http.StatusUnauthorized {
		t.Errorf("the old secret still works: %d", status)
	}
	w.ok("client", "delete", c.id)
	if status, _ := s.post("/o/token/", rotated.form("grant_type", "client_credentials")...); status != http.StatusUnauthorized {
		t.Errorf("a deleted client got %d", status)
	}
	s.logLines()
}

func TestServerLimitsHeaders(t *testing.T) {
	s := start(t, newWorld(t).store)
	req, err := http.NewRequest(http.MethodGet, s.url+"/"+endpoint.RouteHealth+"z", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Long", strings.Repeat("x", 2*maxHeaderBytes))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}
