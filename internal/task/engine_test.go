package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rescind/internal/testkit/engine/dynamodblocal"
)

func noEndpoint(t *testing.T) {
	t.Setenv(dynamodblocal.EndpointVariable, "")
	t.Setenv(dynamodblocal.EndpointVariableWide, "")
	t.Setenv(dynamodblocal.AllowRemote, "")
}

func TestWithoutAnEngineTheLastLineSaysHowToGetOne(t *testing.T) {
	noEndpoint(t)
	use, err := findEngine(t.Context(), t.TempDir())
	if err != nil || use.endpoint != "" || use.label != "not run; make test-dynamodb" {
		t.Errorf("%+v, %v", use, err)
	}
}

func TestNamedEngineIsDialledAndHandedOn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + listener.Addr().String()
	for _, variable := range []string{dynamodblocal.EndpointVariable, dynamodblocal.EndpointVariableWide} {
		noEndpoint(t)
		t.Setenv(variable, endpoint)
		use, err := findEngine(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if use.label != "run on "+endpoint+" ("+variable+")" {
			t.Errorf("label %q", use.label)
		}
		if !slices.Contains(use.environ(), dynamodblocal.EndpointVariable+"="+endpoint) {
			t.Errorf("%s does not reach the tests as %s", variable, dynamodblocal.EndpointVariable)
		}
	}
	_ = listener.Close()
	if _, err := findEngine(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "nothing listens at "+endpoint) {
		t.Errorf("%v", err)
	}
}

func TestRealAWSIsRefusedBeforeAnyTestRuns(t *testing.T) {
	noEndpoint(t)
	t.Setenv(dynamodblocal.EndpointVariable, "https://dynamodb.eu-west-1.amazonaws.com")
	if _, err := findEngine(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "tests do not touch real AWS") {
		t.Errorf("%v", err)
	}
}

// fakePath leaves nothing on PATH but the programs given, as shell scripts.
func fakePath(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func TestWhatIsLackingIsSaidInOneSentence(t *testing.T) {
	const java17 = `case $1 in -version) echo 'openjdk version "17.0.1"' >&2;; *) echo java.base@17 jdk.compiler@17;; esac`
	cases := map[string]struct {
		programs map[string]string
		want     string
	}{
		"nothing":   {nil, "there is no Java here"},
		"old Java":  {map[string]string{"java": `echo 'java version "1.8.0_401"' >&2`}, "version 1, too old"},
		"only JRE":  {map[string]string{"java": `echo 'openjdk version "21" java.base@21' >&2`}, "no compiler"},
		"no Maven":  {map[string]string{"java": java17}, "there is no Maven"},
		"no daemon": {map[string]string{"java": java17, "docker": "exit 1"}, "there is no Maven"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noEndpoint(t)
			fakePath(t, c.programs)
			_, err := requireEngine(t.Context(), t.TempDir())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "install a JDK 17") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAFailedFetchLeavesNothingBehind(t *testing.T) {
	noEndpoint(t)
	fakePath(t, map[string]string{
		"java": `case $1 in -version) echo 'openjdk version "17.0.1"' >&2;; *) echo jdk.compiler@17;; esac`,
		"mvn":  "exit 1",
	})
	root := t.TempDir()
	if _, err := requireEngine(t.Context(), root); err == nil || !strings.Contains(err.Error(), "maven could not fetch") {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(filepath.Join(root, ".cache", "dynamodb-local"))
	if err != nil || len(left) != 0 || dynamodblocal.Fetched(root) {
		t.Errorf("left %v, %v", left, err)
	}
}
