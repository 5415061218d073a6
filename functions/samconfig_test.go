package functions_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	configTable = regexp.MustCompile(`(?m)^\[([a-z]+)\.([a-z]+)\.parameters\]$`)
	configText  = regexp.MustCompile(`(?m)^([a-z_0-9]+) = "([^"\\\n]*)"$`)
)

// samconfig gives the texts of samconfig.toml by "ENVIRONMENT COMMAND" and name.
func samconfig(t *testing.T) map[string]map[string]string {
	t.Helper()
	text := string(readFile(t, "samconfig.toml"))
	found := map[string]map[string]string{}
	heads := configTable.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		values := map[string]string{}
		for _, v := range configText.FindAllStringSubmatch(text[h[1]:end], -1) {
			values[v[1]] = v[2]
		}
		found[text[h[2]:h[3]]+" "+text[h[4]:h[5]]] = values
	}
	return found
}

// Each environment deploys a stack of its own, with parameters that the template
// has and values that it allows: sam itself would see that at AWS only.
func TestSamconfigsEnvironments(t *testing.T) {
	config := samconfig(t)
	stacks := map[string]bool{}
	var want []string
	for _, env := range []string{"default", "dev", "prod"} {
		want = append(want, env+" build", env+" deploy", env+" validate")
		deploy := config[env+" deploy"]
		stacks[deploy["stack_name"]] = true
		if deploy["stack_name"] == "" || deploy["capabilities"] != "CAPABILITY_IAM" {
			t.Errorf("%s: %v", env, deploy)
		}
		resolved(t, strings.Fields(deploy["parameter_overrides"])...)
	}
	if got := slices.Sorted(maps.Keys(config)); !slices.Equal(got, want) {
		t.Errorf("samconfig.toml has %q", got)
	}
	if len(stacks) != 3 {
		t.Errorf("the stacks are %v", stacks)
	}
	// What an environment is for: prod deploys gradually and keeps its tables, dev neither.
	prod := resolved(t, strings.Fields(config["prod deploy"]["parameter_overrides"])...)
	dev := resolved(t, strings.Fields(config["dev deploy"]["parameter_overrides"])...)
	for id, of := range map[string]struct {
		template  yamlMap
		gradual   bool
		protected bool
	}{"prod": {prod, true, true}, "dev": {dev, false, false}} {
		if _, gradual := of.template.optional("Resources")["DeploymentRole"]; gradual != of.gradual {
			t.Errorf("%s deploys gradually: %t", id, gradual)
		}
		for _, table := range of.template.ofType(t, "AWS::DynamoDB::GlobalTable") {
			if got := table.at(t, "Replicas").([]any)[0].(yamlMap)["DeletionProtectionEnabled"]; got != of.protected {
				t.Errorf("%s: that a table refuses to be deleted is %v", id, got)
			}
		}
	}
}
