package functions_test

import (
	"fmt"
	"reflect"
	"testing"
)

// What the parameters switch on reaches every function, every role and the API,
// and is on none of them without.
func TestTemplateSwitchesReachAll(t *testing.T) {
	const boundary = "arn:aws:iam::123456789012:policy/b"
	set := resolved(t, "Architecture=x86_64", "PermissionsBoundaryArn="+boundary, "SubnetIds=subnet-1", "SecurityGroupIds=sg-1", "Tracing=true",
		"ReservedConcurrency=7", "ThrottleRate=50", "ThrottleBurst=60", "Deployment=Canary10Percent5Minutes", "LogRetentionDays=7")
	unset := resolved(t)
	for _, of := range []struct {
		path    []string
		on, off any // off nil: not there
	}{
		{[]string{"Architectures"}, "[x86_64]", "[arm64]"},
		{[]string{"VpcConfig"}, "map[SecurityGroupIds:[sg-1] SubnetIds:[subnet-1]]", nil},
		{[]string{"Tracing"}, "Active", "PassThrough"},
		{[]string{"ReservedConcurrentExecutions"}, "7", nil},
	} {
		path := append([]string{"Globals", "Function"}, of.path...)
		checkSwitched(t, set, path, of.on)
		checkSwitched(t, unset, path, of.off)
	}
	checkSwitched(t, set, []string{"Resources", "Api", "Properties", "DefaultRouteSettings", "ThrottlingRateLimit"}, "50")
	checkSwitched(t, set, []string{"Resources", "Api", "Properties", "DefaultRouteSettings", "ThrottlingBurstLimit"}, "60")
	for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
		checkSwitched(t, unset, []string{"Resources", "Api", "Properties", "DefaultRouteSettings", limit}, nil)
	}
	for id := range set.ofType(t, "AWS::IAM::Role") { // CodeDeploy's too
		checkSwitched(t, set, []string{"Resources", id, "Properties", "PermissionsBoundary"}, boundary)
		checkSwitched(t, unset, []string{"Resources", id, "Properties", "PermissionsBoundary"}, nil)
	}
	if _, ok := set.optional("Resources")["DeploymentRole"]; !ok {
		t.Error("a gradual deployment has no role")
	}
	for id := range set.ofType(t, "AWS::Logs::LogGroup") {
		checkSwitched(t, set, []string{"Resources", id, "Properties", "RetentionInDays"}, "7")
	}
}

// A gradual deployment goes back on what a new version of a function alone can
// spoil, and all at once is none.
func TestTemplateDeploysGradually(t *testing.T) {
	alarms := []any{yamlMap{"Ref": "OutagesAlarm"}, yamlMap{"Ref": "FunctionErrorsAlarm"}}
	for deployment, gradual := range map[string]bool{"AllAtOnce": false, "Canary10Percent5Minutes": true, "Linear10PercentEvery1Minute": true} {
		template := resolved(t, "Deployment="+deployment)
		for id, f := range template.ofType(t, "AWS::Serverless::Function") {
			preference := f.at(t, "DeploymentPreference").(yamlMap)
			if fmt.Sprint(preference["Enabled"]) != fmt.Sprint(gradual) || preference["Type"] != deployment || !reflect.DeepEqual(preference["Alarms"], alarms) {
				t.Errorf("%s with %s: %v", id, deployment, preference)
			}
			if _, ok := preference["Role"]; ok != gradual {
				t.Errorf("%s with %s has a role for CodeDeploy: %t", id, deployment, ok)
			}
		}
	}
}

// checkSwitched compares what stands at the path, as text; nil is nothing.
func checkSwitched(t *testing.T, template yamlMap, path []string, want any) {
	t.Helper()
	last := len(path) - 1
	got, ok := template.optional(path[:last]...)[path[last]]
	if want == nil && ok || want != nil && fmt.Sprint(got) != want {
		t.Errorf("%v is %v, want %v", path, got, want)
	}
}
