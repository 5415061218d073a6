package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/engine"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// useAWS sets this process's AWS environment: dummy credentials, nothing of
// the developer's, and the endpoint where there is one.
func useAWS(t *testing.T, endpoint string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			unset(t, name)
		}
	}
	for _, pair := range dynamodblocal.Isolate(nil) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	if endpoint != "" {
		t.Setenv(dynamodblocal.EndpointVariable, endpoint)
	}
}

// unset takes a variable out of the environment until the test has ended.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "")
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func TestDynamoDBWithoutConfigurationSaysWhatToSet(t *testing.T) {
	for variable, sentence := range map[string]string{
		"AWS_REGION": "no AWS region is set; set AWS_REGION", "AWS_ACCESS_KEY_ID": "no AWS credentials were found; set AWS_PROFILE",
	} {
		useAWS(t, "")
		unset(t, variable)
		unset(t, "AWS_DEFAULT_REGION")
		for _, args := range [][]string{{"client", "list"}, {"store", "create"}, {"restore", "accept", "--yes"}, {"serve", "--addr", "127.0.0.1:0"}} {
			o := run(t, "", append(slices.Clone(args), "--store", "dynamodb:none")...)
			if o.status != exitFailed {
				t.Errorf("%q: exit status %d", args, o.status)
			}
			expect(t, o.sentence(), sentence)
		}
	}
	useAWS(t, "")
	t.Setenv("AWS_PROFILE", "nobody")
	o := run(t, "", "client", "list", "--store", "dynamodb:none")
	expect(t, o.sentence(), "AWS configuration", "AWS_PROFILE")
}

func TestDynamoDBOutOfReachIsStatus1(t *testing.T) {
	useAWS(t, "http://127.0.0.1:1")
	o := run(t, "", "client", "list", "--store", "dynamodb:none")
	if o.status != exitFailed {
		t.Errorf("exit status %d", o.status)
	}
	expect(t, o.sentence(), "none-tokens")
}

func TestTablesAreNotMadeOnAWS(t *testing.T) {
	useAWS(t, "")
	o := run(t, "", "store", "create", "--store", "dynamodb:none")
	if o.status != exitFailed {
		t.Errorf("exit status %d", o.status)
	}
	expect(t, o.sentence(), "sam deploy")
}

func TestCommandsOverDynamoDB(t *testing.T) {
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	useAWS(t, endpoint)
	w := &world{t, fmt.Sprintf("dynamodb:cmd-%d", time.Now().UnixNano())}
	o := w.try("client", "list")
	if o.status != exitFailed {
		t.Errorf("without tables: exit status %d", o.status)
	}
	expect(t, o.sentence(), "rescind store create")
	if v := w.json("store", "create"); v["created"] != true {
		t.Errorf("%v", v)
	}
	if v := w.json("store", "create"); v["created"] != false {
		t.Errorf("%v", v)
	}
	s := start(t, w.store, "--demo")
	c := w.confidential()
	value := s.token(c)
	if !s.active(c, value) {
		t.Error("a new token is not active")
	}
	w.okWith(value, "revoke", "--token", "-")
	if s.active(c, value) {
		t.Error("a revoked token is active")
	}
	w.phone("phone")
	w.mint()
	if g := w.grants("alice"); len(g) != 1 || g[0]["alive"] != true {
		t.Errorf("%v", g)
	}
	w.ok("restore", "accept", "--yes")
	if g := w.grants("alice"); g[0]["dead_because"] != "store_restored" {
		t.Errorf("%v", g)
	}
	if n := len(w.json("client", "list")["clients"].([]any)); n != 4 {
		t.Errorf("%d clients", n)
	}
}
