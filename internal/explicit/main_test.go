package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rescind/internal/explicit/sam"
	"rescind/shared/endpoint"
)

type resource struct {
	Type       string
	Properties map[string]any
}

// explicit runs the program on the repository's template.
func explicit(t *testing.T, args ...string) map[string]resource {
	t.Helper()
	var out bytes.Buffer
	if err := run(append([]string{"-template", filepath.Join("..", "..", "template.yaml")}, args...), &out); err != nil {
		t.Fatal(err)
	}
	var template struct{ Resources map[string]resource }
	if err := json.Unmarshal(out.Bytes(), &template); err != nil {
		t.Fatal(err)
	}
	if len(template.Resources) == 0 {
		t.Fatal("it has no resources")
	}
	return template.Resources
}

// The routes of the plain form, of template.yaml's events, and of the local
// gateway are the same, each to the same function.
func TestRoutesAreTheTemplatesAndTheGateways(t *testing.T) {
	gateway := map[string]string{}
	routes, err := endpoint.Routes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := endpoint.BrowserRoutes("https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(routes, pages...) {
		gateway["ANY "+r.Path] = r.Name
	}
	events := map[string]string{}
	for id, v := range read(t).In("Resources") {
		for _, e := range v.(sam.Map).In("Properties", "Events") {
			p := e.(sam.Map).In("Properties")
			events[p["Method"].(string)+" "+p["Path"].(string)] = sam.Folder(id)
		}
	}
	plain := map[string]string{}
	all := explicit(t)
	for id, r := range all {
		if r.Type != "AWS::ApiGatewayV2::Route" {
			continue
		}
		target := r.Properties["Target"].(map[string]any)["Fn::Sub"].(string)
		integration := all[strings.TrimSuffix(strings.TrimPrefix(target, "integrations/${"), "}")]
		if integration.Type != "AWS::ApiGatewayV2::Integration" {
			t.Fatalf("%s has the target %s", id, target)
		}
		to := integration.Properties["IntegrationUri"].(map[string]any)["Fn::GetAtt"].([]any)
		plain[r.Properties["RouteKey"].(string)] = sam.Folder(to[0].(string))
	}
	if !maps.Equal(plain, gateway) || !maps.Equal(events, gateway) {
		t.Errorf("the routes are\nof the plain form %v\nof the template   %v\nof the gateway    %v", plain, events, gateway)
	}
}

func read(t *testing.T) sam.Map {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	template, err := sam.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// Nothing is left that an emulator without the transform, or without what is
// omitted, could not make.
func TestNothingOfSAMIsLeft(t *testing.T) {
	all := explicit(t, "--param", "Monitoring=false", "--omit", "AWS::Logs::LogGroup", "--code-bucket", "b", "--code-key-prefix", "v1/")
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"AWS::Serverless", "AWS::NoValue", "Fn::If", "GlobalTable", "LogGroup", ".Alias", ".Stage", `"Condition"`, "CodeDeploy"} {
		if strings.Contains(string(text), word) {
			t.Errorf("it has %s", word)
		}
	}
	code := all["TokenFunction"].Properties["Code"].(map[string]any)
	if code["S3Bucket"] != "b" || code["S3Key"] != "v1/token.zip" {
		t.Errorf("the token function's code is %v", code)
	}
	functions := 0
	for _, r := range all {
		if r.Type == "AWS::Lambda::Function" {
			functions++
		}
	}
	if functions != 5 {
		t.Errorf("it has %d functions", functions)
	}
}

func TestWrongArgumentsAreNamed(t *testing.T) {
	for _, tc := range []struct{ arg, says string }{
		{"Isuer=https://a.example", "no parameter Isuer"},
		{"Issuer=https://a.example/", "Issuer must be"},
		{"LogLevel=loud", "LogLevel must be one of"},
		{"MaxReadUnits=many", "MaxReadUnits is no whole number"},
		{"Issuer", "NAME=VALUE"},
	} {
		err := run([]string{"-template", filepath.Join("..", "..", "template.yaml"), "--param", tc.arg}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", tc.arg, err)
		}
	}
}
