package functions_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"rescind/shared/endpoint"
)

// Two stacks fit one account: no name is fixed. A member that names something
// of the account follows the stack's name, or the parameter of that purpose.
func TestTemplateFixesNoNames(t *testing.T) {
	names := map[string][]string{ // of each type the members that name within the account
		"AWS::DynamoDB::GlobalTable": {"TableName"}, "AWS::IAM::Role": {"RoleName"}, "AWS::Logs::LogGroup": {"LogGroupName"},
		"AWS::Serverless::Function": {"FunctionName"}, "AWS::Serverless::HttpApi": {"Name"}, "AWS::CloudWatch::Alarm": {"AlarmName"},
		"AWS::CloudWatch::Dashboard": {"DashboardName"}, "AWS::ApiGatewayV2::DomainName": {"DomainName"},
		"AWS::ApiGatewayV2::ApiMapping": {}, "AWS::Lambda::Permission": {}, "AWS::Route53::RecordSet": {"Name"},
	}
	for id, r := range readTemplate(t).at(t, "Resources").(yamlMap) {
		resource := r.(yamlMap)
		members, known := names[first(resource["Type"])]
		if !known {
			t.Errorf("%s is a %v: say in this test what names it", id, resource["Type"])
		}
		for _, member := range members {
			v, ok := resource.optional("Properties")[member]
			if !ok {
				continue
			}
			if of := refersTo(v); !slices.Equal(of, []string{"AWS::StackName"}) && !slices.Equal(of, []string{"DomainName"}) {
				t.Errorf("%s.%s is %v", id, member, v)
			}
		}
	}
}

// A function's alias moves where its version's description changes, which must
// hold every parameter that changes the function. What is left out changes no
// version (the role, the concurrency, who deploys), or the code with it.
func TestTemplateVersionsFollowTheParameters(t *testing.T) {
	template := readTemplate(t)
	parameters := template.at(t, "Parameters").(yamlMap)
	conditions := template.at(t, "Conditions").(yamlMap)
	// No two secrets have a version of the same id, so the version tells the secret.
	apart := []string{"Architecture", "ReservedConcurrency", "Deployment", "UpstreamSecretArn"}
	globals := maps.Clone(template.at(t, "Globals", "Function").(yamlMap))
	for id, f := range template.ofType(t, "AWS::Serverless::Function") {
		own := maps.Clone(f)
		told := decidedBy(own["VersionDescription"], conditions)
		if own["AutoPublishAliasAllProperties"] != true {
			t.Errorf("%s: a changed text of the template makes no new version", id)
		}
		for _, beside := range []string{"VersionDescription", "DeploymentPreference", "Events", "Role"} {
			delete(own, beside)
		}
		for _, name := range decidedBy(yamlMap{"own": own, "globals": globals}, conditions) {
			if _, ok := parameters[name]; ok && !slices.Contains(told, name) && !slices.Contains(apart, name) {
				t.Errorf("%s: a change of the parameter %s alone reaches no alias: put it into VersionDescription", id, name)
			}
		}
		// Lambda takes 256 characters of it.
		longest := len("debug false false ") + 100 + 1 + 90 + 1 + len("subnet-0123456789abcdef0 sg-0123456789abcdef0")
		for name, most := range map[string]uint64{"Issuer": 100, "DynamoDBEndpoint": 90} {
			if got := parameters.at(t, name, "MaxLength"); got != most {
				t.Errorf("%s may have %v characters, not %d", name, got, most)
			}
		}
		if id == logicalID(endpoint.RouteBrowser) {
			longest = longestOfPages
		}
		if longest > 256 {
			t.Errorf("%s: its version's description may have %d characters", id, longest)
		}
	}
}

// longestOfPages is how long the browser function's description gets without a
// DynamoDBEndpoint, with an issuer of 30 characters, the longest client ids and
// issuers that providers are known to give, and a name. docs/deploy.md says what
// happens beyond.
const longestOfPages = len("debug false false ") + 30 + 2 + len("subnet-0123456789abcdef0 sg-0123456789abcdef0 ") +
	len("https://login.microsoftonline.com/00000000-0000-4000-8000-000000000000/v2.0 00000000-0000-4000-8000-000000000000 ") +
	len("00000000-0000-4000-8000-000000000000 Entra ID")

// decidedBy is refersTo, and what the conditions refer to that are asked.
func decidedBy(v any, conditions yamlMap) []string {
	all := refersTo(v)
	var ask func(v any)
	ask = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				ask(item)
			}
		case yamlMap:
			if list, ok := v["Fn::If"].([]any); ok {
				all = append(all, refersTo(conditions[first(list[0])])...)
			}
			for _, item := range v {
				ask(item)
			}
		}
	}
	ask(v)
	slices.Sort(all)
	return slices.Compact(all)
}

// Every parameter is used, has a default, and is in a group of the console's.
func TestTemplateParameters(t *testing.T) {
	template := readTemplate(t)
	rest := maps.Clone(template)
	delete(rest, "Parameters")
	delete(rest, "Metadata")
	used := refersTo(rest)
	var grouped []string
	for _, group := range template.at(t, "Metadata", "AWS::CloudFormation::Interface", "ParameterGroups").([]any) {
		for _, name := range group.(yamlMap).at(t, "Parameters").([]any) {
			grouped = append(grouped, first(name))
		}
	}
	for name, p := range template.at(t, "Parameters").(yamlMap) {
		if !slices.Contains(used, name) || !slices.Contains(grouped, name) {
			t.Errorf("the parameter %s is not used, or in no group", name)
		}
		parameter := p.(yamlMap)
		if _, ok := parameter["Default"]; !ok || parameter["Description"] == nil {
			t.Errorf("the parameter %s has no default or no description", name)
		}
		_, patterned := parameter["AllowedPattern"]
		if _, ok := parameter["ConstraintDescription"]; ok != patterned {
			t.Errorf("the parameter %s has a pattern without words, or the other way round", name)
		}
	}
	if len(grouped) != len(template.at(t, "Parameters").(yamlMap)) {
		t.Error("a group has a parameter that there is not")
	}
}

// The domain name, its mapping and mutual TLS are there where they are asked for.
func TestTemplateDomain(t *testing.T) {
	plain := resolved(t)
	for _, id := range []string{"Domain", "Mapping", "Record"} {
		if _, ok := plain.optional("Resources")[id]; ok {
			t.Errorf("without DomainName there is %s", id)
		}
	}
	template := resolved(t, "DomainName=auth.example.com", "CertificateArn=c", "HostedZoneId=Z1", "TruststoreUri=s3://b/k.pem")
	domain := template.at(t, "Resources", "Domain", "Properties").(yamlMap)
	if domain["DomainName"] != "auth.example.com" || domain.at(t, "MutualTlsAuthentication", "TruststoreUri") != "s3://b/k.pem" {
		t.Errorf("the domain is %v", domain)
	}
	if _, ok := domain.optional("MutualTlsAuthentication")["TruststoreVersion"]; ok {
		t.Error("a version of the truststore that nobody named")
	}
	mapping := plainForm(t, "DomainName=auth.example.com", "CertificateArn=c").at(t, "Resources", "Mapping", "Properties").(yamlMap)
	if got := strings.Join(refersTo(mapping), " "); got != "Api ApiStage Domain" {
		t.Errorf("the mapping refers to %s", got)
	}
	if template.at(t, "Resources", "Record", "Properties", "HostedZoneId") != "Z1" {
		t.Error("the record is in another zone")
	}
}
