package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rescind/rescindtest"
	"rescind/verify"
)

// world is the API in front of a real authorization server.
type world struct {
	t    *testing.T
	auth *rescindtest.Server
	url  string
}

func newWorld(t *testing.T) world {
	t.Helper()
	auth := rescindtest.Start(t)
	own := auth.ResourceServer()
	v, err := verify.New(verify.Config{Issuer: auth.URL, ClientID: own.ID, ClientSecret: verify.NewSecret(own.Secret()), Audience: rescindtest.Audience})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api(&notes{}, introspected(v)))
	t.Cleanup(server.Close)
	return world{t, auth, server.URL}
}

// ask sends a request and gives the status, the challenge and the body.
func (w world) ask(method, token, body string) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/notes", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func (w world) expect(method, token, body string, status int, answer string) {
	w.t.Helper()
	if got, _, text := w.ask(method, token, body); got != status || text != answer {
		w.t.Errorf("%s answered %d %s, not %d %s", method, got, text, status, answer)
	}
}

func TestATokenOpensUntilItIsRevoked(t *testing.T) {
	w := newWorld(t)
	app := w.auth.Client("notes:read", "notes:write")
	token := w.auth.TokensOf("alice", app).Access
	w.expect("GET", token, "", 200, `[]`)
	w.expect("POST", token, `{"text":"milk"}`, 201, `{"text":"milk"}`)
	w.expect("GET", token, "", 200, `[{"text":"milk"}]`)
	w.auth.Revoke(app, token)
	w.expect("GET", token, "", 401, `{"error":"invalid_token"}`)
	w.expect("GET", w.auth.TokensOf("alice", app).Access, "", 200, `[{"text":"milk"}]`)
}

func TestAnOutageOpensNothingAndSignsNobodyOut(t *testing.T) {
	w := newWorld(t)
	token := w.auth.Token(w.auth.Client("notes:read"))
	w.auth.Outage()
	status, header, _ := w.ask("GET", token, "")
	if status != 503 || header.Get("Retry-After") == "" || header.Get("WWW-Authenticate") != "" {
		t.Errorf("answered %d, %v", status, header)
	}
	w.auth.Heal()
	w.expect("GET", token, "", 200, `[]`)
}

func TestWhoMayDoWhat(t *testing.T) {
	w := newWorld(t)
	app := w.auth.Client("notes:read", "notes:write")
	w.expect("GET", "", "", 401, ``)
	w.expect("GET", "rsc_at_nonsense", "", 401, `{"error":"invalid_token"}`)
	w.expect("POST", w.auth.Token(app, "notes:read"), `{"text":"milk"}`, 403, `{"error":"insufficient_scope"}`)
	w.expect("GET", w.auth.TokensOf("alice", app).Refresh, "", 401, `{"error":"invalid_token"}`)
	w.expect("POST", w.auth.Token(app), `{"text":" "}`, 400, `{"error":"send {\"text\": \"...\"}, of at most 16 KiB"}`)
	w.expect("POST", w.auth.Token(app), `{"text":"`+strings.Repeat("x", maxBody)+`"}`, 400, `{"error":"send {\"text\": \"...\"}, of at most 16 KiB"}`)
}

// A client that is called like a user is still somebody else.
func TestNotesAreTheirOwners(t *testing.T) {
	w := newWorld(t)
	app := w.auth.Client("notes:read", "notes:write")
	w.expect("POST", w.auth.TokensOf(app.ID, app).Access, `{"text":"milk"}`, 201, `{"text":"milk"}`)
	w.expect("GET", w.auth.TokensOf("bob", app).Access, "", 200, `[]`)
	w.expect("GET", w.auth.Token(app), "", 200, `[]`)
}

func TestTheOldestNoteLeaves(t *testing.T) {
	var n notes
	who := caller{subject: "alice"}
	for range maxNotes + 1 {
		n.add(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/notes", strings.NewReader(`{"text":"x"}`)), who)
	}
	if got := len(n.kept[who.owner()]); got != maxNotes {
		t.Errorf("%d notes are kept", got)
	}
}
